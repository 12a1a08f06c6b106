"""`nonesuch kernel --chain` and `--learn`: kernels in a row on a picture, and how they are learnt."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nonesuch import library
from nonesuch.data.decode import fit
from nonesuch.errors import RecipeError
from nonesuch.evaluation.kernel_lesson import learn
from nonesuch.evaluation.kernel_sheets import lesson_sheet, stages_sheet
from nonesuch.lens import chains
from nonesuch.lens.chains import Step
from nonesuch.lens.kernels import Edge, Kernel
from nonesuch.pixels import Picture, write_png

LEARNT_SIDE = 192
"""A picture to learn on is brought down to this side: a step then takes some milliseconds."""


def show(picture: Path, text: str, edge: Edge | None, out: Path | None) -> None:
    """Write the sheet of a chain's stages; print their words and what numbers they hold."""
    image = _image(library.read_picture(picture))
    row = chains.steps(text, len(image), edge)
    found = chains.stages(row, image)
    for stage in found:
        shape = "x".join(map(str, stage.values.shape))
        print(f"{stage.words:<24}{shape:<14}{float(stage.values.min()):8.3f} to {float(stage.values.max()):.3f}")
    target = out or Path(f"{picture.stem}-chain.png")
    write_png(target, stages_sheet(row, found))
    print(target)


def teach(picture: Path, row: tuple[Step, ...], many: int, seed: int, towards: Path | None, out: Path | None) -> None:
    """Let random kernels learn a chain, or a picture made of this one; write the sheet of the way, print its errors."""
    pixels = library.read_picture(picture)
    wanted = None
    if towards is not None:
        aim = library.read_picture(towards)
        if aim.shape[:2] != pixels.shape[:2]:
            sizes = (f"{width}x{height}" for height, width in (pixels.shape[:2], aim.shape[:2]))
            raise RecipeError("{} pixels cannot become {}: give --towards a picture of the same size".format(*sizes))
        wanted = _image(_small(aim[..., :3], pixels.shape[2]))
    image = _image(_small(pixels, pixels.shape[2]))
    lesson = learn(row, image, many, seed, wanted)
    for moment in lesson.moments:
        print(f"step {moment.step:>6}  error {moment.loss:.3g}")
    teachers = [step.does for step in row if isinstance(step.does, Kernel)] if towards is None else []
    target = out or Path(f"{picture.stem}-lesson.png")
    write_png(target, lesson_sheet(lesson, teachers))
    print(target)


def _small(pixels: Picture, channels: int) -> Picture:
    height, width = pixels.shape[:2]
    factor = min(1.0, LEARNT_SIDE / max(height, width))
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    return fit(pixels, size, "stretch", 1 if channels == 1 else 3)


def _image(pixels: Picture) -> Tensor:
    """Colours (C, H, W) in [0, 1]; what is see-through is not looked at."""
    return torch.from_numpy(pixels[..., :3].astype(np.float32)).permute(2, 0, 1) / 255
