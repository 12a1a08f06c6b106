"""Print src/nonesuch as a tree, one line a file: its name and the first sentence of its docstring.

python tools/print_tree.py            print
python tools/print_tree.py --write    put it into ARCHITECTURE.md, between the two marks
"""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "nonesuch"
BEGIN, END = "<!-- tree -->", "<!-- end of tree -->"
ORDER = (
    "__init__.py", "errors.py", "film.py", "machine.py", "pixels.py", "seeds.py", "sharing.py", "signals.py", "data",
    "models", "training", "lens", "latent", "measure", "recipe.py", "presets.py", "form.py", "runs", "assembly.py",
    "features.py", "features_onnx.py", "reader.py", "forecast.py", "evaluation", "saving.py", "steering.py", "book.py",
    "session.py", "exporting", "publishing", "library.py", "studio", "cli", "__main__.py",
)  # fmt: skip
"""From ring 0 to ring 10."""


def tree() -> str:
    """The whole tree as text."""
    lines = []
    for name in ORDER:
        path = SOURCE / name
        if path.is_file():
            lines.append(_line("", path))
            continue
        lines += _package("", path)
    return "\n".join(lines)


def _package(indent: str, folder: Path) -> list[str]:
    """A package: its own line, its files, then the packages within it."""
    files = [file for file in sorted(folder.glob("*.py")) if file.name != "__init__.py"]
    inner = [package.parent for package in sorted(folder.glob("*/__init__.py"))]
    return [
        f"{indent + folder.name + '/':<26}{_first_sentence(folder / '__init__.py')}",
        *(_line(indent + "  ", file) for file in files),
        *(line for package in inner for line in _package(indent + "  ", package)),
    ]


def _line(indent: str, file: Path) -> str:
    return f"{indent + file.name:<26}{_first_sentence(file)}"


def _first_sentence(file: Path) -> str:
    text = ast.get_docstring(ast.parse(file.read_text())) or ""
    paragraph = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", paragraph + " ", maxsplit=1)[0].rstrip(".")


def written(document: str) -> str:
    """The document with today's tree between its marks."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n```\n{tree()}\n```\n{END}{after}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        page = ROOT / "ARCHITECTURE.md"
        page.write_text(written(page.read_text()))
    else:
        print(tree())
