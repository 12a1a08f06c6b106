"""Makes src/nonesuch/data/embedded/pixelfolk.npz: 6,000 different 16x16 faces with the generator's choices as labels.

    cd tools/make_pixelfolk && npm install && pip install -r requirements.txt && python make.py [--check]

Needs node 18 or newer. The same pins give the same file, byte for byte: `--check` makes it anew and compares.
"""

import argparse
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

HERE = Path(__file__).parent
EMBEDDED = HERE.parents[1] / "src" / "nonesuch" / "data" / "embedded"
FACES = 6_000
SPARE = 200  # seeds drawn beyond FACES, should two of them give the same picture
SIDE = 16
ABSENT = 255

# The generator knows colours by code only. Names are ours, from looking at them; skin runs from light to dark.
NAMES = {
    "hairColor": {
        "cab188": "blond", "a78961": "dark blond", "83623b": "light brown", "603a14": "brown", "603015": "chestnut",
        "612616": "auburn", "611c17": "mahogany", "28150a": "black", "009bbd": "blue", "bd1700": "red",
        "91cb15": "green",
    },
    "skinColor": {
        "ffdbac": "tone1", "f5cfa0": "tone2", "eac393": "tone3", "e0b687": "tone4", "cb9e6e": "tone5",
        "b68655": "tone6", "a26d3d": "tone7", "8d5524": "tone8",
    },
    "eyesColor": {
        "76778b": "violet grey", "697b94": "blue grey", "647b90": "steel", "5b7c8b": "slate", "588387": "teal",
        "876658": "brown",
    },
    "mouthColor": {"d29985": "beige", "c98276": "rose", "e35d6a": "pink", "de0f0d": "red"},
    "clothingColor": {
        "5bc0de": "sky", "428bca": "blue", "03396c": "navy", "88d8b0": "mint", "44c585": "jade", "00b159": "green",
        "ff6f69": "coral", "d11141": "crimson", "ae0001": "dark red", "ffeead": "cream", "ffd969": "yellow",
        "ffc425": "amber",
    },
    "glassesColor": {
        "4b4b4b": "grey", "323232": "dark grey", "191919": "black", "43677d": "blue", "5f705c": "green",
        "a04b5d": "red",
    },
    "hatColor": {
        "2e1e05": "black", "2663a3": "blue", "989789": "grey", "3d8a6b": "green", "cc6192": "pink",
        "614f8a": "purple", "a62116": "red",
    },
    "accessoriesColor": {
        "daa520": "dark gold", "ffd700": "gold", "fafad2": "pearl", "d3d3d3": "silver", "a9a9a9": "steel",
    },
}  # fmt: skip


def attributes(extra: dict[str, str]) -> dict[str, str]:
    """The face's labels, read from what the generator decided; a part that is not worn has no style and no colour."""

    def colour(part: str) -> str:
        return NAMES[f"{part}Color"][extra[f"{part}Color"].lstrip("#")]

    labels = {
        "hair_colour": colour("hair"),
        "hair_length": extra["hair"].rstrip("0123456789"),
        "hair_style": extra["hair"],
        "skin": colour("skin"),
        "mood": extra["mouth"].rstrip("0123456789"),
        "mouth_style": extra["mouth"],
        "mouth_colour": colour("mouth"),
        "eyes_style": extra["eyes"],
        "eyes_colour": colour("eyes"),
        "clothing_style": extra["clothing"],
        "clothing_colour": colour("clothing"),
        "beard": "yes" if "beard" in extra else "no",
    }
    if "beard" in extra:
        labels["beard_style"] = extra["beard"]
    for part, column in (("glasses", "glasses"), ("hat", "hat"), ("accessories", "earrings")):
        labels[column] = "yes" if part in extra else "no"
        if part in extra:
            labels[f"{column}_style"] = extra[part]
            labels[f"{column}_colour"] = colour(part)
    return {key: value.replace("variant", "style") for key, value in labels.items()}


def render(svg: str, side: int) -> np.ndarray:
    """The drawing on white, (side, side, 3) uint8."""
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=side, height=side, background="#ffffff"))
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def draw() -> tuple[np.ndarray, list[dict[str, str]], list[int]]:
    """(6000, 16, 16, 3) uint8 pictures, no two alike, their labels, and the number of each one's seed."""
    command = ["node", str(HERE / "faces.mjs"), str(FACES + SPARE)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    pictures: dict[bytes, np.ndarray] = {}
    labels, seeds = [], []
    for number, line in enumerate(lines):
        face = json.loads(line)
        small, large = render(face["svg"], SIDE), render(face["svg"], 4 * SIDE)
        if not np.array_equal(small.repeat(4, 0).repeat(4, 1), large):
            raise SystemExit(f"{face['seed']}: the drawing at 64 pixels is not the one at 16 enlarged")
        if small.tobytes() in pictures:
            continue
        pictures[small.tobytes()] = small
        labels.append(attributes(face["extra"]))
        seeds.append(number)
        if len(seeds) == FACES:
            return np.stack(list(pictures.values())), labels, seeds
    raise SystemExit(f"only {len(seeds)} different faces in {len(lines)} seeds: raise SPARE")


def index(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Two-step palette: every face names its own (at most 16) colours, so a pixel takes half a byte."""
    flat = pictures.reshape(-1, SIDE * SIDE, 3).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    palette, codes = np.unique(flat, return_inverse=True)
    codes = codes.reshape(flat.shape)
    colours = np.zeros((len(pictures), 16), np.uint16)
    pixels = np.zeros(codes.shape, np.uint8)
    for face, row in enumerate(codes.tolist()):
        own = {code: position for position, code in enumerate(dict.fromkeys(row))}
        colours[face, : len(own)] = list(own)
        pixels[face] = [own[code] for code in row]
    rgb = np.stack([palette >> 16, palette >> 8 & 255, palette & 255], axis=1).astype(np.uint8)
    return {"palette": rgb, "colours": colours, "pixels": pixels[:, ::2] | pixels[:, 1::2] << 4}


def encode(labels: list[dict[str, str]]) -> dict[str, np.ndarray]:
    """`codes` (6000, columns) uint8, 255 where a face has no such label; `classes` (JSON text) names them."""
    columns = list(dict.fromkeys(key for label in labels for key in label))
    classes = {column: sorted({label[column] for label in labels if column in label}) for column in columns}
    codes = np.full((len(labels), len(columns)), ABSENT, np.uint8)
    for face, label in enumerate(labels):
        for column, value in label.items():
            codes[face, columns.index(column)] = classes[column].index(value)
    return {"codes": codes, "classes": np.array(json.dumps(classes))}


def npz_bytes(arrays: dict[str, np.ndarray]) -> bytes:
    """An .npz without times in it, so that equal arrays give equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy")
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue(), compresslevel=9)
    return out.getvalue()


def note(name: str, data: bytes) -> None:
    """Write the file's sha256 into the manifest, which gives the packs their fingerprint and is checked by a test."""
    manifest = EMBEDDED / "manifest.json"
    known = json.loads(manifest.read_text()) if manifest.is_file() else {}
    known[name] = hashlib.sha256(data).hexdigest()
    manifest.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the file in the tree instead of writing it")
    check = parser.parse_args().check
    pictures, labels, seeds = draw()
    data = npz_bytes({**index(pictures), "seeds": np.array(seeds, np.uint16), **encode(labels)})
    target = EMBEDDED / "pixelfolk.npz"
    if check:
        same = target.read_bytes() == data
        print(f"{target.name}: {'identical' if same else 'DIFFERENT'}, {len(data):,} bytes")
        sys.exit(not same)
    target.write_bytes(data)
    note(target.name, data)
    print(f"{target.name}: {len(data):,} bytes, {len(seeds)} faces from {seeds[-1] + 1} seeds, all equal at 64 pixels")


if __name__ == "__main__":
    main()
