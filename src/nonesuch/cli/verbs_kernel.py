"""The verb that filters a picture."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.cli.options import Runs

verbs = typer.Typer()


@verbs.command()
def kernel(
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help="A picture file.")],
    preset: Annotated[str | None, typer.Option(help="A kernel by name: sharpen (default), blur, emboss ...")] = None,
    weights: Annotated[str | None, typer.Option(help='Rows of numbers, as "0 -1 0; -1 5 -1; 0 -1 0".')] = None,
    acf: Annotated[Path | None, typer.Option(help="A Custom filter of an image editor, .acf.")] = None,
    from_run: Annotated[str | None, typer.Option(metavar="RUN", help="A filter this run has learnt.")] = None,
    number: Annotated[int, typer.Option("--filter", help="Which one of the first convolution.")] = 0,
    scale: Annotated[float | None, typer.Option(help="Divides the sum.")] = None,
    offset: Annotated[float | None, typer.Option(help="Added to each result, in grey levels.")] = None,
    stride: Annotated[int | None, typer.Option(help="Places between two results.")] = None,
    edge: Annotated[str | None, typer.Option(help="Outside of the picture: zero, reflect, replicate or wrap.")] = None,
    turned: Annotated[bool, typer.Option("--convolve", help="True convolution: turn the kernel round first.")] = False,
    out: Annotated[Path | None, typer.Option(help="A .png file.")] = None,
    save: Annotated[Path | None, typer.Option(help="Also write the kernel as .acf.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Slide a kernel over a picture: an image editor's filter, or one that a net has learnt."""
    from nonesuch.cli import kernel_picture

    choice = kernel_picture.Choice(preset, weights, acf, from_run, number, scale, offset, stride, edge, turned)
    kernel_picture.show(picture, choice, runs, out, save)
