"""The verbs before training: what is in the data, what is in a net."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.cli.options import Colour, Fit, Size, Where, size_of

verbs = typer.Typer()


@verbs.command()
def data(
    where: Where,
    size: Size = None,
    channels: Colour = None,
    fit: Fit = "crop",
    out: Annotated[Path | None, typer.Option(help="Folder for the contact sheet.")] = None,
) -> None:
    """Pack the pictures; show counts, sizes, rejects, duplicates, class balance; write a contact sheet."""
    from nonesuch.cli import inspect_data

    inspect_data.show(where, size_of(size), channels, fit, out)


@verbs.command()
def describe(
    net: Annotated[str, typer.Argument(help="A net of the catalogue.")],
    size: Size = None,
    channels: Colour = None,
    classes: Annotated[int, typer.Option(help="Number of classes.")] = 10,
) -> None:
    """Print a net's layers with shapes, parameters, FLOPs and receptive field."""
    from nonesuch.cli import describe_net

    describe_net.show(net, size_of(size) or 28, 1 if channels is None else channels, classes)
