"""Imports point down the rings: a file may import from a lower ring or its own package, never sideways, never up."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "nonesuch"

RINGS = {
    "errors": 0, "film": 0, "machine": 0, "pixels": 0, "seeds": 0, "sharing": 0, "signals": 0,
    "data": 1, "models": 1,
    "training": 2, "lens": 2, "latent": 2, "measure": 2,
    "recipe": 3, "presets": 3, "form": 3,
    "runs": 4,
    "assembly": 5, "features": 5, "features_onnx": 5, "reader": 5, "forecast": 5, "session": 5, "evaluation": 5,
    "saving": 5, "steering": 5, "book": 5,
    "exporting": 6,
    "publishing": 7,
    "library": 8,
    "studio": 9,
    "cli": 10,
}  # fmt: skip

FREE_WITHIN = {0, 3, 5}
"""Rings whose files may import each other: ring 0 are facts, ring 3 is recipes, ring 5 are the joins of one run."""

PURE = {"training", "lens", "latent", "measure"}
"""Ring 2: tensors in, values out. These modules would touch the disk, the network or the terminal."""
IMPURE_MODULES = {"pathlib", "os", "shutil", "tempfile", "socket", "urllib", "http", "subprocess", "rich", "typer"}

NO_TORCH = {
    "cli/app.py", "cli/bars.py", "cli/inspect_data.py", "cli/options.py", "cli/show_runs.py", "errors.py", "pixels.py",
    "seeds.py", *(f"cli/{path.name}" for path in (SOURCE / "cli").glob("verbs_*.py")),
    "data/sources.py", "data/decode.py", "data/pack.py", "data/packing.py", "data/builtin.py", "data/open.py",
    "runs/layout.py", "runs/store.py", "runs/events_log.py", "runs/lock.py",
}  # fmt: skip
"""Files that commands without a net read: importing torch at their top would cost a second."""


def _files() -> list[Path]:
    doors = {SOURCE / "__init__.py", SOURCE / "__main__.py"}
    return sorted(path for path in SOURCE.rglob("*.py") if path not in doors)


def _part(path: Path) -> str:
    """The package or top-level module a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def _imports(tree: ast.AST, top_only: bool = False) -> set[str]:
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree) if top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_down(path: Path) -> None:
    part = _part(path)
    assert part in RINGS, f"{part} has no ring: name it in RINGS and in ARCHITECTURE"
    for name in _imports(ast.parse(path.read_text())):
        if not name.startswith("nonesuch."):
            continue
        other = name.split(".")[1]
        if other == part or other not in RINGS:
            continue
        allowed = RINGS[other] < RINGS[part] or (RINGS[other] == RINGS[part] and RINGS[part] in FREE_WITHIN)
        assert allowed, f"{path.name} (ring {RINGS[part]}) imports {name} (ring {RINGS[other]})"


@pytest.mark.parametrize("path", [p for p in _files() if _part(p) in PURE], ids=lambda path: path.name)
def test_ring_two_is_pure(path: Path) -> None:
    tree = ast.parse(path.read_text())
    roots = {name.split(".")[0] for name in _imports(tree)}
    assert not roots & IMPURE_MODULES
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not calls & {"print", "open", "input"}


@pytest.mark.parametrize("name", sorted(NO_TORCH))
def test_light_files_do_not_import_torch_at_their_top(name: str) -> None:
    path = SOURCE / name
    assert not {n for n in _imports(ast.parse(path.read_text()), top_only=True) if n.split(".")[0] == "torch"}


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_unsafe_loading_anywhere(path: Path) -> None:
    """No pickle, no eval, no shell: neither directly nor as a fall-back (reliability M2)."""
    tree = ast.parse(path.read_text())
    assert not {name.split(".")[0] for name in _imports(tree)} & {"pickle", "marshal", "shelve", "dill", "yaml"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        assert name not in {"eval", "exec", "torch.load", "os.system", "compile"}, f"{path.name}: {name}"
        for keyword in node.keywords:
            value = getattr(keyword.value, "value", None)
            assert not (keyword.arg in {"shell", "allow_pickle"} and value is True), f"{path.name}: {keyword.arg}"


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_fabric_is_only_imported_where_something_trains(path: Path) -> None:
    """It takes longer than torch: a command that draws or looks would wait for it in vain."""
    assert "lightning_fabric" not in _imports(ast.parse(path.read_text()), top_only=True)


def test_the_tree_in_the_architecture_is_the_tree() -> None:
    """Out of date? Name new files of the top in tools/print_tree.py, then: python tools/print_tree.py --write"""
    root = SOURCE.parents[1]
    printed = subprocess.run(
        [sys.executable, str(root / "tools" / "print_tree.py")], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert printed in (root / "ARCHITECTURE.md").read_text()
    listed = sorted(name for line in printed.splitlines() if (name := line.split()[0]).endswith(".py"))
    inner = (path for path in SOURCE.rglob("*.py") if path.name != "__init__.py")
    assert listed == sorted(["__init__.py", *(path.name for path in inner)])
