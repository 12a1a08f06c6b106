"""The verbs that steer through latent space: directions with a name, and moves along them."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.cli.options import RunArgument, Runs

verbs = typer.Typer()


@verbs.command()
def directions(
    run: RunArgument,
    method: Annotated[
        str | None, typer.Option(help="codes, weights, activations, random; with --label mean, logistic.")
    ] = None,
    label: Annotated[list[str] | None, typer.Option(help="What to look for, as glasses=yes; again for more.")] = None,
    count: Annotated[int, typer.Option(help="How many, of a method that finds by itself.")] = 8,
    name: Annotated[str | None, typer.Option(help="What to call the one direction that is found.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Compare all methods on the labels named, or on all.")] = False,
    out: Annotated[Path | None, typer.Option(help="A .png sheet.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Find directions of a latent space along which pictures change in one way; keep them by name."""
    from nonesuch.cli import directions_run

    wish = directions_run.Wish(method, tuple(label or ()), count, name)
    if check:
        directions_run.check(runs, run, wish)
    else:
        directions_run.find(runs, run, wish, out)


@verbs.command()
def edit(
    run: RunArgument,
    points: Annotated[list[str], typer.Argument(metavar="POINT...", help="Seeds, or picture files.")],
    move: Annotated[list[str] | None, typer.Option(help="As glasses=+2, in sigma; again for more.")] = None,
    minus: Annotated[list[str] | None, typer.Option(help="Arithmetic: take this point away.")] = None,
    plus: Annotated[list[str] | None, typer.Option(help="Arithmetic: add this point.")] = None,
    compass: Annotated[str | None, typer.Option(metavar="CNN_RUN", help="Follow this classifier.")] = None,
    named: Annotated[str | None, typer.Option("--class", help="To where, with --compass.")] = None,
    steps: Annotated[int, typer.Option(help="Pictures from before to after.")] = 7,
    out: Annotated[Path | None, typer.Option(help="A .png strip or a .gif film.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Change pictures by moving their codes: along named directions, by arithmetic, or by a classifier's compass."""
    from nonesuch.cli import edit_run

    wish = edit_run.Edit(tuple(points), tuple(move or ()), tuple(minus or ()), tuple(plus or ()), compass, named, steps)
    edit_run.edit(runs, run, wish, out)
