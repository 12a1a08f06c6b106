"""`nonesuch atlas` and `neighbours`: the map of a run with its clusters, and what lies nearest to a picture."""

import json
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.table import Table

from nonesuch.errors import RecipeError
from nonesuch.evaluation.atlas import RunMap, map_of
from nonesuch.evaluation.codes import Split
from nonesuch.evaluation.neighbours import neighbours_of
from nonesuch.latent.atlas import Method
from nonesuch.latent.clusters import Grouping
from nonesuch.library import open_run
from nonesuch.pixels import write_png
from nonesuch.runs.atomic import write_bytes

SPLITS = ("train", "val", "test")


def atlas(
    root: Path,
    where: str,
    method: str,
    label: str | None,
    clusters: str | None,
    count: int | None,
    split: str,
    most: int,
    seed: int,
    out: Path | None,
) -> None:
    """Write the sheet and its numbers; print where they are, how the map was made, and the figures of clusters."""
    if split not in SPLITS:
        raise RecipeError(f"a split is {', '.join(SPLITS)}; found {split!r}")
    if count is not None and clusters is None:
        raise RecipeError("--count says how many clusters; add --clusters kmeans or mixture")
    run = open_run(where, root)
    target = _png(out or run.folder.path / "pictures" / f"atlas-{method}.png")
    found = map_of(
        run, cast(Method, method), label, cast(Grouping | None, clusters), count, cast(Split, split), most, seed
    )
    write_png(target, found.sheet(run.folder.path.name))
    write_bytes(target.with_suffix(".json"), json.dumps({**found.to_json(), "split": split, "seed": seed}).encode())
    print(f"{len(found.points.rows):,} pictures, {found.points.space}; {found.atlas.words}")
    _print_clusters(found)
    print(target)


def neighbours(root: Path, where: str, picture: str, count: int, out: Path | None) -> None:
    """Write the picture above its neighbours, and print their names and distances."""
    run = open_run(where, root)
    target = _png(out or run.folder.path / "pictures" / f"neighbours-{Path(picture).stem}.png")
    seed = picture.isdecimal()
    found = neighbours_of(run, int(picture) if seed else picture, count)
    write_png(target, found.sheet(f"seed {picture}" if seed else Path(picture).name))
    table = Table("space", "distance", "training picture", box=None, pad_edge=False)
    for near in found.near:
        for distance, name in zip(near.distances.tolist(), near.names, strict=True):
            table.add_row(near.space, f"{distance:.3g}", name)
    Console(soft_wrap=True).print(table)
    print(target)


def _print_clusters(found: RunMap) -> None:
    groups, agreed = found.clusters, found.agreement
    if groups is None:
        return
    if not len(groups.sizes):
        print(f"{groups.grouping} found no dense group: all {groups.noise:,} are noise; try kmeans or mixture")
        return
    sizes = ", ".join(f"{size:,}" for size in groups.sizes.tolist())
    noise = f", {groups.noise:,} in none" if groups.noise else ""
    print(f"{len(groups.sizes)} clusters by {groups.grouping}: {sizes}{noise}")
    if groups.silhouette is not None:
        print(f"silhouette {groups.silhouette:.3f}")
    if agreed is not None:
        print(
            f"against {found.column}: purity {agreed.purity:.1%}, adjusted Rand index {agreed.rand:.3f}, "
            f"normalised mutual information {agreed.information:.3f}, {agreed.n:,} pictures"
        )


def _png(target: Path) -> Path:
    if target.suffix != ".png":
        raise RecipeError(f"this is written as .png; found {target.name}")
    return target
