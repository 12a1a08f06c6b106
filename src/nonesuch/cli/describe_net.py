"""`nonesuch describe`: a net's layers as a table."""

from rich.console import Console
from rich.table import Table

from nonesuch.errors import NetError
from nonesuch.lens.layers import Layer, layers
from nonesuch.models import catalog
from nonesuch.models.parts import parts


def show(name: str, size: int | tuple[int, int], channels: int, classes: int) -> None:
    """Print the layers of each part, and the sums of parameters, connections and FLOPs of its forward pass."""
    if channels < 1 or classes < 2:
        raise NetError(f"a net needs at least 1 channel and 2 classes; found {channels} and {classes}")
    height, width = (size, size) if isinstance(size, int) else size
    shape = (channels, height, width)
    net = catalog.build(name, shape, classes if name in catalog.CLASSIFIERS else 0)
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=160)
    console.print(f"{name}: {catalog.NETS[name].summary}")
    for part in parts(net, shape):
        if part.title:
            console.print(f"\n{part.title}")
        _print_layers(console, layers(part.net, part.shape))


def _print_layers(console: Console, rows: tuple[Layer, ...]) -> None:
    """The table and its sums. Weights that another part uses are left out."""
    rows = tuple(row for row in rows if row.name != "elsewhere")
    table = Table(box=None, pad_edge=False)
    for title, side in (
        ("layer", "left"),
        ("kind", "left"),
        ("output", "left"),
        ("parameters", "right"),
        ("sees", "right"),
    ):
        table.add_column(title, justify=side)  # type: ignore[arg-type]
    table.add_column("MFLOP", justify="right")
    for row in rows:
        sees = f"{row.receptive_field[0]}x{row.receptive_field[1]}" if row.receptive_field else ""
        table.add_row(
            row.name,
            row.kind,
            "x".join(map(str, row.output_shape)),
            f"{row.parameters:,}",
            sees,
            f"{row.flops / 1e6:.3f}",
        )
    console.print(table)
    trainable, parameters = sum(row.trainable for row in rows), sum(row.parameters for row in rows)
    console.print(
        f"{parameters:,} parameters, {trainable:,} of them trainable; "
        f"{sum(row.connections for row in rows):,} connections; "
        f"{sum(row.flops for row in rows) / 1e6:.2f} MFLOP a picture (forward; about three times that in training)"
    )
