"""Tests, tools, benchmarks and examples ask the library only for what it has, also those that run rarely."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path for folder in ("tests", "tools", "benchmarks", "examples") for path in (ROOT / folder).rglob("*.py")
)


def missing(source: str) -> Iterator[str]:
    """Names that `source` takes from modules of nonesuch and that are not there, with their lines."""
    tree = ast.parse(source)
    modules: dict[str, str] = {}  # the name in this file: the module behind it
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "nonesuch":
                    importlib.import_module(alias.name)
                    modules[alias.asname or "nonesuch"] = alias.name if alias.asname else "nonesuch"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "nonesuch":
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if _is_module(full):
                    modules[alias.asname or alias.name] = full
                elif not hasattr(importlib.import_module(str(node.module)), alias.name):
                    yield f"line {node.lineno}: {full}"
    given = {each.arg for each in ast.walk(tree) if isinstance(each, ast.arg)}
    given |= {each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id not in given:
            module = modules.get(node.value.id)
            if module and not hasattr(importlib.import_module(module), node.attr):
                yield f"line {node.lineno}: {module}.{node.attr}"


def _is_module(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name and not name.startswith(f"{error.name}."):
            raise
        return False
    return True


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_name_is_there(path: Path) -> None:
    assert list(missing(path.read_text(encoding="utf-8"))) == []


def test_what_is_not_there_is_found() -> None:
    source = """
import nonesuch as ns
from nonesuch import library, no_such_module
from nonesuch.seeds import normal, no_such_law
from nonesuch.lens import kernels as made
library.plan, library._folder, ns.plan, ns.no_such_verb, made.no_such_kernel
def of(library): library.title
"""
    assert list(missing(source.replace("def of(library): library.title\n", ""))) == [
        "line 3: nonesuch.no_such_module",
        "line 4: nonesuch.seeds.no_such_law",
        "line 6: nonesuch.library._folder",
        "line 6: nonesuch.no_such_verb",
        "line 6: nonesuch.lens.kernels.no_such_kernel",
    ]
    assert all("library" not in each for each in missing(source)), "a name that is also an argument may be anything"
