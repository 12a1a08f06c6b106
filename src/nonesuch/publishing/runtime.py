"""What runs the net in a visitor's browser: the ES module for people who make things, and ONNX Runtime's wasm."""

from collections.abc import Mapping
from pathlib import Path

from nonesuch.errors import MachineError

STATIC = Path(__file__).with_name("static") / "model"
ENDS = (".js", ".wasm")


def module(under: str, tiny: bool = False) -> dict[str, bytes]:
    """Every file of it, by its name in a site; `tiny`: without ONNX Runtime's, as the module has a runtime of its own.

    Raises MachineError where the front end was never built.
    """
    ends = (".js",) if tiny else ENDS
    found = {f"{under}/{path.name}": path.read_bytes() for path in sorted(STATIC.glob("*")) if path.suffix in ends}
    if not found:
        raise MachineError("the module of published nets is not built on this machine: run `make web`")
    return found


def inlined(under: str, tiny: bool = False) -> Mapping[str, bytes]:
    """Those that a single file has to carry: the page's module is in it already."""
    return {name: data for name, data in module(under, tiny).items() if name.endswith(".wasm")}
