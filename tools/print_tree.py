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
    "__init__.py", "errors.py", "machine.py", "pixels.py", "seeds.py", "data", "models", "training", "lens", "latent",
    "measure", "recipe.py", "presets.py", "runs", "assembly.py", "features.py", "features_onnx.py", "reader.py",
    "forecast.py", "evaluation", "session.py", "library.py", "cli", "__main__.py",
)  # fmt: skip
"""From ring 0 to ring 7."""


def tree() -> str:
    """The whole tree as text."""
    lines = []
    for name in ORDER:
        path = SOURCE / name
        if path.is_file():
            lines.append(_line("", path))
            continue
        lines.append(f"{name + '/':<26}{_first_sentence(path / '__init__.py')}")
        lines += [_line("  ", file) for file in sorted(path.glob("*.py")) if file.name != "__init__.py"]
    return "\n".join(lines)


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
