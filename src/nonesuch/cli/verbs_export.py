"""The verb that hands a run's nets to other programs."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.cli.options import RunArgument, Runs

verbs = typer.Typer()


@verbs.command()
def export(
    run: RunArgument,
    to: Annotated[
        str, typer.Option("--to", help="onnx: graphs that run anywhere; safetensors: bare weights.")
    ] = "onnx",
    precision: Annotated[
        list[str] | None, typer.Option(help="Of the weights: int8, fp16 or fp32; several times for several. All three.")
    ] = None,
    directions: Annotated[
        Path | None, typer.Option(help="A directions.json, instead of the run's own directions.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder, of safetensors a file; by default in the run's.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Write a run's nets for browsers, games and scripts: checked against torch, refused where they differ."""
    from nonesuch.cli import export_run

    export_run.export_run(runs, run, to, precision or ["int8", "fp16", "fp32"], directions, out)
