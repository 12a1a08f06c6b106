"""A published site from an exported folder, for tests of the page: the template filled as its own comment says.

It knows nothing of nonesuch.publishing: pictures before the page are drawn by ONNX Runtime, files inlined by hand.
"""

import base64
import gzip
import io
import json
import re
import shutil
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nonesuch import seeds

STATIC = Path(__file__).parents[2] / "src/nonesuch/publishing/static/page"
PAGE = {
    "title": "This Pixel Person Does Not Exist",
    "thing": "pixel person",
    "words": "A small net has looked at six thousand pixel people and now makes up its own.",
    "language": "en",
    "licence": "CC0 1.0",
    "forbidden_uses": ["passing pictures off as real people", "profile pictures that deceive"],
    "mark": False,
    "seeds": list(range(8, 20)),
    "start_seed": 7,
    "model": "model/manifest.json",
    "runtime": "auto",
    "card": {
        "data": "pixelfolk: 16 x 16 faces drawn by a program",
        "pictures": 5999,
        "recipe": {"net": "modern", "minutes": 4},
        "measurements": [
            {"name": "frechet", "value": 7.348, "error": 0.79, "floor": 0.95, "n": 611},
            {"name": "precision", "value": 0.535, "floor": 0.926, "n": 611},
            {"name": "coverage", "value": 0.385, "floor": 0.92, "n": 611},
        ],
        "memorisation": {"ratio": 1.44, "near_share": 0.0, "n": 611},
        "neighbours": [],
    },
}  # fmt: skip
POLICY = (
    "default-src 'none'; script-src {script} 'wasm-unsafe-eval'; style-src {style}; img-src 'self' data: blob:; "
    "connect-src {connect}; base-uri 'none'; form-action 'none'"
)


def drawn(exported: Path, wanted: list[int]) -> NDArray[np.uint8]:
    """Pictures (N, H, W, 3) of seeds, each of the class that its seed says, by ONNX Runtime in full precision."""
    import onnxruntime

    manifest = json.loads((exported / "manifest.json").read_text())
    size, classes = manifest["latent"]["size"], len(manifest["classes"])
    session = onnxruntime.InferenceSession(exported / manifest["graphs"]["draw"]["files"]["fp32"]["file"])
    feeds: dict[str, NDArray[Any]] = {"z": np.stack([seeds.normal(seed, size) for seed in wanted])}
    if "label" in manifest["graphs"]["draw"]["inputs"]:
        feeds["label"] = np.array([seed % classes for seed in wanted])
    picture = session.run(["picture"], feeds)[0]
    pixels = ((picture + 1) * 127.5).round().clip(0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    return np.repeat(pixels, 3, -1) if pixels.shape[-1] == 1 else pixels


def png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def assemble(
    exported: Path, site: Path, changes: Mapping[str, Any] | None = None, precision: str = "fp32", single: bool = False
) -> Path:
    """A site of the net in `exported`, as a folder or as one file; returns its index.html."""
    settings = PAGE | dict(changes or {})
    site.mkdir(parents=True)
    manifest = json.loads((exported / "manifest.json").read_text())
    for graph in manifest["graphs"].values():
        graph["files"] = {precision: graph["files"][precision]}
    files = {"model/manifest.json": json.dumps(manifest).encode()}
    files |= {
        f"model/{each['file']}": (exported / each["file"]).read_bytes()
        for graph in manifest["graphs"].values()
        for each in graph["files"].values()
    }
    pictures: dict[int, bytes] = {}
    if "draw" in manifest["graphs"]:
        wanted = [settings["start_seed"], *settings["seeds"]]
        pictures = {seed: png(found) for seed, found in zip(wanted, drawn(exported, wanted), strict=True)}
    else:
        settings["start_seed"] = None
    if not single:
        for name, content in files.items() | {(f"pictures/{seed}.png", each) for seed, each in pictures.items()}:
            (site / name).parent.mkdir(exist_ok=True)
            (site / name).write_bytes(content)
        for name in ("page.js", "page.css"):
            shutil.copy(STATIC / name, site / name)
        for wasm in STATIC.with_name("model").glob("*.wasm"):
            shutil.copy(wasm, site / "model" / wasm.name)
    else:
        files |= {f"model/{wasm.name}": wasm.read_bytes() for wasm in STATIC.with_name("model").glob("*.wasm")}

    def shown(seed: int, identity: str = "") -> str:
        data = "data:image/png;base64," + base64.b64encode(pictures[seed]).decode()
        side = manifest["picture"]
        return (
            f'<img {identity} data-seed="{seed}" alt="seed {seed}" width="{side["width"]}" height="{side["height"]}" '
            f'src="{data if single else f"pictures/{seed}.png"}">'
        )

    script = (STATIC / "page.js").read_text().replace("</script", "<\\/script")
    own = "'unsafe-inline'" if single else "'self'"
    policy = POLICY.format(script=own, style=own, connect="'none'" if single else "'self'")
    inlined = "".join(
        f'<script type="application/octet-stream;base64" id="inlined:{name}">'
        f"{base64.b64encode(gzip.compress(content)).decode()}</script>"
        for name, content in files.items()
    )
    parts = {
        "language": "en",
        "title": escape(settings["title"]),
        "head": f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        "style": f"<style>{(STATIC / 'page.css').read_text()}</style>"
        if single
        else '<link rel="stylesheet" href="page.css">',
        "words": escape(settings["words"]),
        "first": shown(settings["start_seed"], 'id="first"') if pictures else "",
        "gallery": "".join(f"<li>{shown(seed)}</li>" for seed in settings["seeds"] if seed in pictures),
        "noscript": "With JavaScript a net draws new pictures here; these were drawn before.",
        "foot": f"{escape(settings['licence'])}. All pictures are synthetic.",
        "page": json.dumps(settings).replace("<", "\\u003c"),
        "inlined": inlined if single else "",
        "script": f'<script type="module">{script}</script>'
        if single
        else '<script type="module" src="page.js"></script>',
    }
    template = re.sub(r"<!--.*?-->\n", "", (STATIC / "page.html").read_text(), count=1, flags=re.DOTALL)
    index = site / "index.html"
    index.write_text(re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template))
    return index


if __name__ == "__main__":
    import sys

    assemble(Path(sys.argv[1]), Path(sys.argv[2]), single=sys.argv[3:] == ["single"])
