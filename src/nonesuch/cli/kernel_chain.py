"""`nonesuch kernel --chain` and `--learn`: kernels in a row on a picture, and how they are learnt."""

from pathlib import Path

from nonesuch import library
from nonesuch.evaluation.kernel_lesson import aim_of, as_image, learn, small
from nonesuch.evaluation.kernel_sheets import lesson_sheet, stages_sheet
from nonesuch.lens import chains
from nonesuch.lens.chains import Step
from nonesuch.lens.kernels import Edge, Kernel
from nonesuch.pixels import write_png


def show(picture: Path, text: str, edge: Edge | None, out: Path | None) -> None:
    """Write the sheet of a chain's stages; print their words and what numbers they hold."""
    image = as_image(library.read_picture(picture))
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
        wanted = aim_of(library.read_picture(towards), pixels)
    image = as_image(small(pixels, pixels.shape[2]))
    lesson = learn(row, image, many, seed, wanted)
    for moment in lesson.moments:
        print(f"step {moment.step:>6}  error {moment.loss:.3g}")
    teachers = [step.does for step in row if isinstance(step.does, Kernel)] if towards is None else []
    target = out or Path(f"{picture.stem}-lesson.png")
    write_png(target, lesson_sheet(lesson, teachers))
    print(target)
