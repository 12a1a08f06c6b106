"""The verbs that take a net apart: its templates, its units one by one, what its layers do, and how it came about."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.cli.options import RunArgument, Runs

verbs = typer.Typer()

OutPng = Annotated[Path | None, typer.Option(help="A .png file.")]


@verbs.command()
def templates(
    run: Annotated[str, typer.Argument(metavar="LINEAR_RUN", help="A run of the net linear or mlp.")],
    other: Annotated[str | None, typer.Argument(metavar="[CNN_RUN]", help="A run on the same pictures.")] = None,
    out: OutPng = None,
    runs: Runs = Path("runs"),
) -> None:
    """Show what a linear net or MLP has learnt as pictures, and where a CNN sees more than such templates."""
    from nonesuch.cli import templates_run

    templates_run.show(runs, run, other, out)


@verbs.command()
def ablate(
    run: RunArgument,
    units: Annotated[str, typer.Argument(metavar="LAYER[:UNIT,UNIT...]", help="Without units: all, ranked.")],
    scale: Annotated[float, typer.Option(help="0 switches the units off, 2 doubles what they hand on.")] = 0.0,
    picture: Annotated[Path | None, typer.Option(help="Also the answer to this picture, before and after.")] = None,
    most: Annotated[int, typer.Option(help="Test pictures to ask about, at most.")] = 2000,
    runs: Runs = Path("runs"),
) -> None:
    """Switch units of a classifier off, or scale them, and see what it loses."""
    from nonesuch.cli import ablate_run

    ablate_run.show(runs, run, units, scale, picture, most)


@verbs.command()
def spread(
    run: RunArgument,
    most: Annotated[int, typer.Option(help="Pictures to look at, at most.")] = 500,
    out: OutPng = None,
    runs: Runs = Path("runs"),
) -> None:
    """Draw how a net's numbers are spread, with and without its batch norm, dropout and pooling."""
    from nonesuch.cli import spread_run

    spread_run.show(runs, run, most, out)


@verbs.command()
def history(
    run: RunArgument,
    picture: Annotated[
        Path | None, typer.Argument(metavar="[PICTURE]", help="To watch; default: a test picture.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Whose maps; by default the first convolution's.")] = None,
    speed: Annotated[float, typer.Option(help="Moments a second.")] = 3.0,
    out: Annotated[Path | None, typer.Option(help="A .gif film, a .png strip, or a folder.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Scrub through a run's training: its filters, maps of one picture and fixed-seed samples, moment by moment."""
    from nonesuch.cli import history_run

    history_run.show(runs, run, picture, layer, speed, out)
