"""The verbs that lay pictures out: maps with clusters, neighbours, and one pad for several nets."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.cli.options import RunArgument, Runs

verbs = typer.Typer()


@verbs.command()
def atlas(
    run: RunArgument,
    method: Annotated[str, typer.Option(help="pca, tsne or umap.")] = "pca",
    label: Annotated[str | None, typer.Option(help="Column that colours the dots; none: no colours.")] = None,
    clusters: Annotated[str | None, typer.Option(help="Find groups: kmeans, mixture or hdbscan.")] = None,
    count: Annotated[int | None, typer.Option(help="So many clusters; by default as the silhouette has it.")] = None,
    split: Annotated[str, typer.Option(help="Whose pictures: train, val or test.")] = "train",
    most: Annotated[int, typer.Option(help="At most so many pictures.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Of tsne, umap and the clusters.")] = 0,
    out: Annotated[Path | None, typer.Option(help="A .png file; the numbers go beside it as .json.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Draw the map of a run: where its pictures lie for the net, with labels, and what it draws from each place."""
    from nonesuch.cli import atlas_run

    atlas_run.atlas(runs, run, method, label, clusters, count, split, most, seed, out)


@verbs.command()
def neighbours(
    run: RunArgument,
    picture: Annotated[str, typer.Argument(metavar="PICTURE", help="A picture file; or a seed of what the run draws.")],
    count: Annotated[int, typer.Option(help="So many neighbours.")] = 8,
    out: Annotated[Path | None, typer.Option(help="A .png file.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Find the training pictures nearest to a picture: as the net sees them, and as the measuring net does."""
    from nonesuch.cli import atlas_run

    atlas_run.neighbours(runs, run, picture, count, out)


@verbs.command()
def pad(
    chosen: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="An ae or vae, and others of its data.")],
    named: Annotated[str | None, typer.Option("--class", help="What conditional GANs draw; else their first.")] = None,
    seed: Annotated[int, typer.Option(help="The picture that GANs are drawn around.")] = 0,
    out: Annotated[Path, typer.Option(help="A .png file.")] = Path("pad.png"),
    runs: Runs = Path("runs"),
) -> None:
    """Put several nets of the same data on one pad: common axes, and what each net draws at each place."""
    from nonesuch.cli import pad_run

    pad_run.pad(runs, chosen, named, seed, out)
