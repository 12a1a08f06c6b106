"""The verbs that make pictures: one a seed, or those on a way through latent space."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.cli.options import RunArgument, Runs, size_of

verbs = typer.Typer()


@verbs.command()
def sample(
    run: RunArgument,
    seed: Annotated[int, typer.Option(help="Of the first picture; the others follow it.")] = 0,
    count: Annotated[int | None, typer.Option(help="That many pictures, one file each.")] = None,
    grid: Annotated[str, typer.Option(help="ROWSxCOLUMNS in one file.")] = "8x8",
    named: Annotated[str | None, typer.Option("--class", help="What to make, of a conditional GAN.")] = None,
    mixture: Annotated[bool, typer.Option("--mixture", help="Of an ae or vae: from the mixture of its codes.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="In bf16 where that is faster; a few grey levels off.")] = False,
    out: Annotated[Path | None, typer.Option(help="A .png file, or with --count a folder.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Make new pictures: the same seed gives the same picture everywhere."""
    from nonesuch.cli import sample_run

    sample_run.sample(runs, run, seed, count, size_of(grid), named, mixture, fast, out)


@verbs.command()
def walk(
    run: RunArgument,
    points: Annotated[
        list[str],
        typer.Argument(metavar="POINT...", help="Seeds, or picture files. 7@2.5: at 2.5 seconds."),
    ],
    frames: Annotated[int | None, typer.Option(help="Of the whole film; by default 48.")] = None,
    way: Annotated[str, typer.Option(help="slerp: along the arc, lerp: straight.")] = "slerp",
    ease: Annotated[str, typer.Option(help="linear, or smooth: at rest at each point.")] = "linear",
    loop: Annotated[bool, typer.Option("--loop", help="Back to the first point.")] = False,
    circle: Annotated[bool, typer.Option("--circle", help="Round through two points and their opposites.")] = False,
    psi: Annotated[float, typer.Option(help="Truncation: below 1 nearer to the ordinary.")] = 1.0,
    named: Annotated[
        str | None, typer.Option("--class", help="What to draw, of a conditional GAN; else its first.")
    ] = None,
    speed: Annotated[float, typer.Option(help="Frames a second.")] = 12.0,
    out: Annotated[Path | None, typer.Option(help="A .gif or .mp4 film, a .png strip, or a folder.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Walk through latent space from point to point: what lies between two pictures."""
    from nonesuch.cli import walk_run

    wish = walk_run.Walk(tuple(points), frames, way, ease, loop, circle, psi, named, speed)
    walk_run.walk(runs, run, wish, out)
