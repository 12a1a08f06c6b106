"""The verb that finds a photo in latent space."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.cli.options import Json, RunArgument, Runs

verbs = typer.Typer()


@verbs.command()
def invert(
    run: RunArgument,
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A picture file.")],
    steps: Annotated[int, typer.Option(help="Of the refinement.")] = 200,
    seed: Annotated[int, typer.Option(help="Of the first of three random starts.")] = 0,
    out: Annotated[Path | None, typer.Option(help="A folder.")] = None,
    runs: Runs = Path("runs"),
    as_json: Json = False,
) -> None:
    """Find the place in latent space that draws a photo: the encoder's answer, and a refined one."""
    from nonesuch.cli import invert_run

    invert_run.invert(runs, run, photo, steps, seed, out, as_json)
