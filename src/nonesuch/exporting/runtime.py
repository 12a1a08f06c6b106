"""What runs an exported net in a browser: the ES module, and ONNX Runtime's WebAssembly for nets that want it."""

from pathlib import Path

STATIC = Path(__file__).with_name("static")
"""As hatch_build.py makes them of web/src/model."""
MODULE, WASM = "nonesuch.js", "ort-wasm-simd-threaded.wasm"
FILES = (MODULE, WASM)


def files() -> dict[str, bytes]:
    """Their bytes by name; nothing where the front end has not been built."""
    return {name: (STATIC / name).read_bytes() for name in FILES if (STATIC / name).is_file()}
