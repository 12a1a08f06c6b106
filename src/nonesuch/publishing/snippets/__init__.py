"""Paste-ready examples of using an exported net elsewhere: written beside it, shown in docs/use-elsewhere.md."""

from collections.abc import Iterable
from pathlib import Path

import nonesuch.seeds

HERE = Path(__file__).parent
DRAWING = ("draw.html", "draw_p5.html", "draw.py")
ANSWERING = ("predict.html", "predict.py")


def files(graphs: Iterable[str]) -> dict[str, bytes]:
    """The examples that go with a net of these graphs ("draw", "answer"), by file name; beside them goes `model/`."""
    wanted = set(graphs)
    names = (*(DRAWING if "draw" in wanted else ()), *(ANSWERING if "answer" in wanted else ()))
    found = {name: (HERE / name).read_bytes() for name in names}
    if "draw.py" in found:
        # From seeds to codes: a file of its own, which needs numpy only.
        found["seeds.py"] = Path(nonesuch.seeds.__file__).read_bytes()
    return found
