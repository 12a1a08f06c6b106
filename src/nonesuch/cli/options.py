"""What verbs have in common: options of one name and meaning, and the words they take."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.errors import RecipeError

Where = Annotated[
    str, typer.Argument(metavar="DATA", help="Folder, zip, idx files, .npz, or a name such as pixelfolk.")
]
Size = Annotated[str | None, typer.Option(help="Side in pixels, or HEIGHTxWIDTH. Default: judged by the pictures.")]
Colour = Annotated[int | None, typer.Option("--channels", help="1 grey, 3 colour, 4 with alpha. Default: as they are.")]
Fit = Annotated[str, typer.Option(help="How other shapes are made to fit: crop, pad or stretch.")]
Json = Annotated[bool, typer.Option("--json", help="One event a line on stdout, for machines.")]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run folder, or the id of a run in ./runs.")]
Runs = Annotated[Path, typer.Option("--runs", help="The folder that holds the runs.")]


def size_of(text: str | None) -> int | tuple[int, int] | None:
    """ "32" -> 32, "24x32" -> (24, 32)."""
    if text is None:
        return None
    parts = text.lower().split("x")
    if not all(part.isdecimal() for part in parts) or len(parts) > 2:
        raise RecipeError(f"--size is a number of pixels or HEIGHTxWIDTH; found {text!r}; try --size 32")
    numbers = [int(part) for part in parts]
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def pairs_of(settings: list[str]) -> dict[str, str]:
    """["train.batch=64"] -> {"train.batch": "64"}."""
    pairs = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise RecipeError(f"--set takes KEY=VALUE; found {setting!r}; try --set train.batch=64")
        pairs[name.strip()] = value.strip()
    return pairs
