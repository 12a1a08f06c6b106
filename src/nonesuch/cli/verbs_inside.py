"""The verbs that look inside a net."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.cli.options import RunArgument, Runs

verbs = typer.Typer()

Looked = Annotated[int, typer.Option("--limit", help="How many pictures to look at, evenly spread.")]
OneSheet = Annotated[Path | None, typer.Option(help="A .png file.")]


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


@verbs.command()
def crops(
    run: RunArgument,
    layer: Annotated[str, typer.Argument(metavar="LAYER", help="As `describe` names it, such as conv2.")],
    unit: Annotated[list[int] | None, typer.Option(help="Of the layer, shown large; may be given again.")] = None,
    count: Annotated[int, typer.Option(help="Pictures a unit.")] = 9,
    split: Annotated[str, typer.Option(help="Whose pictures: train, val or test.")] = "train",
    limit: Looked = 5000,
    out: OneSheet = None,
    runs: Runs = Path("runs"),
) -> None:
    """What each unit of a layer looks at: the pictures that excite it most, cropped to what it sees of them."""
    from nonesuch.cli import crops_run

    crops_run.show(runs, run, layer, unit or [], count, split, limit, out)


@verbs.command()
def dream(
    run: RunArgument,
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TARGET]...", help="A class, LAYER, LAYER:UNIT or LAYER:UNIT,ROW,COLUMN; else all classes."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the first picture and of all disturbances.")] = 0,
    steps: Annotated[int, typer.Option(help="Of gradient ascent.")] = 100,
    reach: Annotated[float, typer.Option(help="How far above usual; 1 is where the best real picture is.")] = 1.5,
    basis: Annotated[str, typer.Option(help="components or waves. Default: judged by the pictures' size.")] = "",
    limit: Looked = 5000,
    out: OneSheet = None,
    runs: Runs = Path("runs"),
) -> None:
    """What units and classes dream of: a picture made to excite them, beside the real one that does so most."""
    from nonesuch.cli import dream_run
    from nonesuch.evaluation.dreams import DreamSettings

    dream_run.show(runs, run, targets or [], DreamSettings(seed, steps, reach, basis), limit, out)


@verbs.command()
def trust(
    run: RunArgument,
    picture: Annotated[Path | None, typer.Argument(metavar="[PICTURE]", help="Of this picture alone.")] = None,
    count: Annotated[int, typer.Option(help="Otherwise: on so many test pictures.")] = 200,
    layer: Annotated[str | None, typer.Option(help="Of Grad-CAM; by default the last one with maps.")] = None,
    seed: Annotated[int, typer.Option(help="Of the random order and the noise.")] = 0,
    out: OneSheet = None,
    runs: Runs = Path("runs"),
) -> None:
    """Which of the maps of `look` to trust: is the answer lost with what a map points at, and kept with it?"""
    from nonesuch.cli import trust_run

    trust_run.show(runs, run, picture, count, layer, seed, out)
