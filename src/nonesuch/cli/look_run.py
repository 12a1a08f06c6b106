"""`nonesuch look`: a classifier while it looks at one picture, layer by layer, and what its answer hangs on."""

from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from nonesuch.data.items import Reject
from nonesuch.errors import RecipeError
from nonesuch.evaluation.crops import field
from nonesuch.evaluation.run import Run
from nonesuch.lens.capture import Sum
from nonesuch.lens.show import as_grey, framed, heat
from nonesuch.library import open_run
from nonesuch.pixels import enlarge, grid, to_rgb, write_png

SHOWN_SIDE = 192
MAP_SIDE = 48
MOST_PRODUCTS = 12


def show(
    root: Path, where: str, picture: Path, named: str | None, layer: str | None, number: str | None, out: Path | None
) -> None:
    """Write a sheet of maps a layer and one of reasons, and print the layers; with `number` that number alone."""
    run = open_run(where, root)
    target = out or run.folder.path / "pictures" / f"look-{picture.stem}"
    if number is not None:
        name, place = _address(number)
        _print_sum(number, run.spelled(picture, name, place))
        if len(place) == 3:
            _write_field(run, picture, name, place[1:], target / "field.png")
        return
    found = run.look(picture, named, layer)
    table = Table("layer", "shape", "lowest", "highest", "picture", box=None, pad_edge=False)
    for position, each in enumerate(found.activations, 1):
        low, high = each.span
        file = f"{position:02d}-{each.name}.png"
        maps = as_grey(each.values)
        write_png(target / file, grid(maps, scale=max(1, MAP_SIDE // max(maps.shape[1:3]))))
        table.add_row(each.name, "x".join(map(str, each.values.shape)), f"{low:.3g}", f"{high:.3g}", file)
    scale = max(1, SHOWN_SIDE // max(found.picture.shape[:2]))
    large = enlarge(found.picture[None], scale)[0]
    reasons = [to_rgb(large[None])[0], *(heat(large, values) for values in found.saliency.values())]
    write_png(target / "reasons.png", grid(np.stack(reasons), columns=len(reasons)))
    Console(soft_wrap=True).print(table)
    print(f"{run.classes[found.asked]}: {float(found.probabilities[found.asked]):.1%}")
    print(f"{target / 'reasons.png'}: the picture, {', '.join(found.saliency)}")


def _address(number: str) -> tuple[str, tuple[int, ...]]:
    """ "conv1:3,4,5" is map 3, row 4, column 5; "dense:7" is unit 7."""
    name, colon, place = number.rpartition(":")
    parts = place.split(",")
    if not colon or not all(part.strip().isdecimal() for part in parts):
        raise RecipeError(f"a number is LAYER:MAP,ROW,COLUMN or LAYER:UNIT, as conv1:3,4,5; found {number!r}")
    return name, tuple(int(part) for part in parts)


def _write_field(run: Run, file: Path, layer: str, place: tuple[int, ...], out: Path) -> None:
    """The picture with a frame around what the number depends on."""
    box = field(run, layer, *place)
    (found,) = run.read([file])
    assert not isinstance(found, Reject)
    picture = found[1][0].permute(1, 2, 0).numpy()
    write_png(out, framed(picture, box, max(1, SHOWN_SIDE // max(picture.shape[:2]))))
    print(f"{out}: it sees rows {box.top} to {box.bottom - 1}, columns {box.left} to {box.right - 1} of the picture")


def _print_sum(number: str, found: Sum) -> None:
    products = (found.inputs * found.weights).flatten()
    order = products.abs().argsort(descending=True)[:MOST_PRODUCTS].tolist()
    inputs, weights = found.inputs.flatten().tolist(), found.weights.flatten().tolist()
    print(f"{number} = {found.result:.6g}")
    for at in order:
        print(f"  {inputs[at]:>10.4g} * {weights[at]:>10.4g} = {inputs[at] * weights[at]:>10.4g}")
    if len(products) > len(order):
        left = float(products.sum()) - float(products[order].sum())
        print(f"  {len(products) - len(order)} smaller products   {left:>10.4g}")
    print(f"  bias                      {found.bias:>10.4g}")
