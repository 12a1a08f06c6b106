"""The verbs that look inside a net."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.cli.options import RunArgument, Runs

verbs = typer.Typer()


@verbs.command()
def look(
    run: RunArgument,
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help="A picture file.")],
    named: Annotated[str | None, typer.Option("--class", help="Whose reasons; by default the answer's.")] = None,
    layer: Annotated[str | None, typer.Option(help="Of Grad-CAM; by default the last one with maps.")] = None,
    number: Annotated[str | None, typer.Option(help="Spell out one number, as conv1:3,4,5 (map, row, column).")] = None,
    out: Annotated[Path | None, typer.Option(help="A folder.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Look inside a classifier while it looks at a picture: every layer's maps, and what the answer hangs on."""
    from nonesuch.cli import look_run

    look_run.show(runs, run, picture, named, layer, number, out)
