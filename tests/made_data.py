"""Small pictures made on the spot: bright bars in one of four places, with noise."""

from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("down", "left", "right", "up")


def bars(count: int, size: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (count, size, size, 3) and class numbers (count,): which side the bar is on."""
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 120, (count, size, size, 3), dtype=np.uint8)
    targets = np.arange(count) % 4
    third = size // 3
    sides = {0: np.s_[-third:, :], 1: np.s_[:, :third], 2: np.s_[:, -third:], 3: np.s_[:third, :]}
    for picture, target in zip(pictures, targets, strict=True):
        picture[sides[int(target)]] += 100
    return pictures, targets


def folder_of_bars(root: Path, count: int = 200, size: int = 12, seed: int = 0) -> Path:
    """The same as PNG files, one sub-folder a class."""
    pictures, targets = bars(count, size, seed)
    for name in CLASSES:
        (root / name).mkdir(parents=True, exist_ok=True)
    for index, (picture, target) in enumerate(zip(pictures, targets, strict=True)):
        Image.fromarray(picture).save(root / CLASSES[int(target)] / f"{index:04}.png")
    return root


def messy_folder(root: Path, count: int = 400, seed: int = 0) -> Path:
    """What people have: unequal classes, sides from 9 to 300 px, odd names, copies, one file in 20 broken."""
    rng = np.random.default_rng(seed)
    classes = ("cats", "Dogs & cats", "söße Küken")
    for name in classes:
        (root / name).mkdir(parents=True)
    for index in range(count):
        name = classes[0 if index % 10 < 8 else index % 10 - 7]
        height, width = ((96, 128), (128, 96), (96, 96), tuple(rng.integers(9, 300, 2)))[index % 4]
        ground, _ = bars(4, 24, seed=index)
        picture = Image.fromarray(ground[classes.index(name)]).resize(
            (int(width), int(height)), Image.Resampling.BICUBIC
        )
        ending = ("png", "jpg", "webp", "JPG", "bmp")[index % 5]
        picture.save(root / name / f"{index:04} ü'n,{index % 3}.{ending}")
    files = sorted(path for path in root.rglob("*") if path.is_file())
    for place, file in enumerate(files[7 :: len(files) // 20]):
        _break(file, place % 5)
    whole = files[5 :: len(files) // 20][:12]
    for file in whole[:6]:
        (file.parent / f"copy of {file.name}").write_bytes(file.read_bytes())
    for file in whole[6:]:
        with Image.open(file) as picture:
            picture.convert("RGB").save(file.with_name(f"again {file.stem}.jpg"), quality=97)
    (root / "notes.txt").write_text("not a picture, and not meant as one")
    return root


def _break(file: Path, way: int) -> None:
    """Cut short, emptied, overwritten with text, with zeros after its beginning, or with another format's beginning."""
    data = file.read_bytes()
    file.write_bytes(
        (
            data[: len(data) // 3],
            b"",
            b"<html>404 not found</html>",
            data[:60] + bytes(len(data) - 60),
            b"\x89PNG\r\n\x1a\n" + data[8:],
        )[way]
    )
