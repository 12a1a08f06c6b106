"""The verbs that measure and ask runs: which there are, how good they are, what they say of pictures."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.cli.options import Json, RunArgument, Runs

verbs = typer.Typer()


@verbs.command("runs")
def list_runs(folder: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path("runs")) -> None:
    """List the runs in a folder."""
    from nonesuch.cli import show_runs

    show_runs.listing(folder)


@verbs.command()
def evaluate(
    run: RunArgument,
    attributes: Annotated[bool, typer.Option("--attributes", help="Also compare what labels say of samples.")] = False,
    features: Annotated[Path | None, typer.Option(help="Also on a feature net of yours, an .onnx file.")] = None,
    scale: Annotated[str, typer.Option(help="Its pixels: signed (-1 to 1), unit (0 to 1) or imagenet.")] = "signed",
    runs: Runs = Path("runs"),
    as_json: Json = False,
) -> None:
    """Measure a run again on its held-out test pictures."""
    from nonesuch.cli import show_runs

    show_runs.evaluate(runs, run, attributes, features, scale, as_json)


@verbs.command()
def predict(
    run: RunArgument,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Picture files.")],
    runs: Runs = Path("runs"),
    as_json: Json = False,
) -> None:
    """Say which class each picture shows, with probabilities."""
    from nonesuch.cli import show_runs

    raise typer.Exit(show_runs.predict(runs, run, files, as_json))


@verbs.command()
def compare(
    chosen: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Run folders, or ids of runs in ./runs.")],
    runs: Runs = Path("runs"),
    out: Annotated[Path | None, typer.Option(help="A .png with the same seeds of each run, one row a run.")] = None,
) -> None:
    """Put runs side by side: figures as a table, and with --out what they draw from the same seeds."""
    from nonesuch.cli import show_runs

    show_runs.compare(runs, chosen, out)


@verbs.command()
def likelihood(
    run: RunArgument,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Picture files.")],
    runs: Runs = Path("runs"),
    as_json: Json = False,
) -> None:
    """Say how probable a VAE finds each picture, and where it lies among the training pictures."""
    from nonesuch.cli import show_runs

    raise typer.Exit(show_runs.likelihood(runs, run, files, as_json))
