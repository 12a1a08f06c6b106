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
    chain: Annotated[str | None, typer.Option(help='Steps in a row, as "emboss, leaky 0.2, pool, outline".')] = None,
    learn: Annotated[int | None, typer.Option(metavar="STEPS", help="Learn kernel or chain, from random ones.")] = None,
    towards: Annotated[Path | None, typer.Option(help="Learn to make this picture of PICTURE instead.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the random kernels that learn.")] = None,
    from_run: Annotated[str | None, typer.Option(metavar="RUN", help="The filters this run has learnt.")] = None,
    number: Annotated[int | None, typer.Option("--filter", help="One of them; a kernel given takes its place.")] = None,
    held_out: Annotated[bool, typer.Option("--held-out", help="Also ask about all held-out pictures.")] = False,
    scale: Annotated[float | None, typer.Option(help="Divides the sum.")] = None,
    offset: Annotated[float | None, typer.Option(help="Added to each result, in grey levels.")] = None,
    stride: Annotated[int | None, typer.Option(help="Places between two results.")] = None,
    edge: Annotated[str | None, typer.Option(help="Outside of the picture: zero, reflect, replicate or wrap.")] = None,
    turned: Annotated[bool, typer.Option("--convolve", help="True convolution: turn the kernel round first.")] = False,
    out: Annotated[Path | None, typer.Option(help="A .png file.")] = None,
    save: Annotated[Path | None, typer.Option(help="Also write the kernel as .acf.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Slide kernels over a picture: an image editor's, several in a row, learning ones, or those of a net."""
    from nonesuch.cli.kernel_picture import Choice
    from nonesuch.cli.kernel_ways import Ways, show

    choice = Choice(preset, weights, acf, scale, offset, stride, edge, turned)
    show(picture, choice, Ways(chain, learn, towards, seed, from_run, number, held_out), runs, out, save)
