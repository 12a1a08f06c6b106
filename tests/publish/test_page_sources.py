"""What the published page is made of: never the studio's server, rooms or shell."""

import re
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "web/src"
IMPORT = re.compile(r"""^(?! \*).*(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]""", re.MULTILINE)
ENDINGS = ("", ".ts", ".svelte", ".svelte.ts", "/index.ts")


def _reached(first: Path) -> set[Path]:
    found, waiting = set[Path](), [first, *(SOURCES / "page/classifier").glob("*.svelte")]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        for name in IMPORT.findall(file.read_text()) if file.suffix in (".ts", ".svelte") else ():
            places = [Path(f"{(file.parent / name).resolve()}{ending}") for ending in ENDINGS]
            waiting.append(next(place for place in places if place.is_file()))
    return found


def test_the_page_reaches_only_core_widgets_and_the_model() -> None:
    rings = {file.relative_to(SOURCES).parts[0] for file in _reached(SOURCES / "page/main.ts")}
    assert {"page", "core", "widgets", "model"} == rings
