"""Makes docs/pictures/pixelfolk.png and emoji.png, what the shipped data sets look like: `python tools/preview.py`."""

from pathlib import Path

import numpy as np
from PIL import Image

from nonesuch.data.shipped import EmojiSource, PixelfolkSource

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"


def contact(pictures: list[np.ndarray], columns: int, gap: int = 4) -> Image.Image:
    """(H, W, 3) uint8 pictures of one size side by side on white."""
    side = pictures[0].shape[0] + gap
    page = np.full((len(pictures) // columns * side + gap, columns * side + gap, 3), 255, np.uint8)
    for position, picture in enumerate(pictures):
        top, left = (gap + side * step for step in divmod(position, columns))
        page[top : top + side - gap, left : left + side - gap] = picture
    return Image.fromarray(page)


def on_white(drawing: np.ndarray) -> np.ndarray:
    """(64, 64, 4) to (48, 48, 3) uint8."""
    picture = Image.fromarray(drawing)
    page = Image.new("RGBA", picture.size, "white")
    page.alpha_composite(picture)
    return np.asarray(page.convert("RGB").resize((48, 48), Image.Resampling.LANCZOS))


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    faces, emoji = PixelfolkSource(side=48), EmojiSource()
    contact([faces.read(str(face)) for face in range(144)], 18).save(PICTURES / "pixelfolk.png", optimize=True)
    # every eleventh drawing, so that all categories are seen; 64 colours keep the page small
    drawings = [on_white(emoji.read(str(number * 11))) for number in range(144)]
    page = contact(drawings, 18).quantize(64, dither=Image.Dither.NONE)
    page.save(PICTURES / "emoji.png", optimize=True)
    for name in ("pixelfolk.png", "emoji.png"):
        print(f"{name}: {(PICTURES / name).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
