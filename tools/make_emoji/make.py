"""Makes src/nonesuch/data/embedded/emoji.webp and emoji.json: the Noto drawings without skin tones, 64x64 with alpha.

    cd tools/make_emoji && npm install && pip install -r requirements.txt && python make.py [--check]

npm only fetches the drawings. The same pins give the same files, byte for byte: `--check` makes them anew and compares.
"""

import argparse
import hashlib
import io
import json
import math
import sys
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

HERE = Path(__file__).parent
EMBEDDED = HERE.parents[1] / "src" / "nonesuch" / "data" / "embedded"
NOTO = HERE / "node_modules" / "@iconify-json" / "noto"
SIDE = 64


def read(name: str) -> dict:
    return json.loads((NOTO / f"{name}.json").read_text(encoding="utf-8"))


def render(body: str, box: int) -> np.ndarray:
    """One drawing, (64, 64, 4) uint8; colour is zeroed where nothing is drawn."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 {box} {box}">'
    )
    png = bytes(resvg_py.svg_to_bytes(svg_string=f"{svg}{body}</svg>", width=SIDE, height=SIDE, skip_system_fonts=True))
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).copy()
    picture[picture[..., 3] == 0] = 0
    return picture


def draw() -> tuple[np.ndarray, list[dict[str, str]]]:
    """Different pictures (N, 64, 64, 4) in the order of category and name, and what each one is."""
    icons, categories = read("icons"), read("metadata")["categories"]
    character = {name: code for code, name in read("chars").items()}
    pictures: dict[bytes, np.ndarray] = {}
    entries = []
    for category in sorted(categories):
        for name in sorted(categories[category]):
            if "skin-tone" in name:
                continue
            picture = render(icons["icons"][name]["body"], icons["width"])
            if picture.tobytes() in pictures:
                print(f"left out {name}: the same picture as an earlier one")
                continue
            pictures[picture.tobytes()] = picture
            entries.append({"name": name.replace("-", " "), "category": category, "code": character[name]})
    return np.stack(list(pictures.values())), entries


def sheet_bytes(pictures: np.ndarray, columns: int) -> bytes:
    """All drawings on one lossless WebP sheet, row by row, the rest of the last row empty."""
    rows = math.ceil(len(pictures) / columns)
    cells = np.zeros((rows * columns, SIDE, SIDE, 4), np.uint8)
    cells[: len(pictures)] = pictures
    sheet = cells.reshape(rows, columns, SIDE, SIDE, 4).swapaxes(1, 2).reshape(rows * SIDE, columns * SIDE, 4)
    out = io.BytesIO()
    Image.fromarray(sheet).save(out, "WEBP", lossless=True, quality=100, method=6)
    return out.getvalue()


def note(name: str, data: bytes) -> None:
    """Write the file's sha256 into the manifest, which gives the packs their fingerprint and is checked by a test."""
    manifest = EMBEDDED / "manifest.json"
    known = json.loads(manifest.read_text()) if manifest.is_file() else {}
    known[name] = hashlib.sha256(data).hexdigest()
    manifest.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--check", action="store_true", help="compare with the files in the tree instead of writing them"
    )
    check = parser.parse_args().check
    pictures, entries = draw()
    columns = math.isqrt(len(pictures) - 1) + 1
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    about = f'{{"side": {SIDE}, "columns": {columns}, "drawings": [\n{lines}\n]}}\n'
    made = {
        "emoji.webp": sheet_bytes(pictures, columns),
        "emoji.json": about.encode(),
    }
    different = 0
    for name, data in made.items():
        if check:
            same = (EMBEDDED / name).read_bytes() == data
            different += not same
            print(f"{name}: {'identical' if same else 'DIFFERENT'}, {len(data):,} bytes")
        else:
            (EMBEDDED / name).write_bytes(data)
            note(name, data)
            print(f"{name}: {len(data):,} bytes, {len(entries)} drawings")
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
