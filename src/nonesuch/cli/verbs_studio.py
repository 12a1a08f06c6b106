"""The verb that opens the web studio."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.cli.options import Runs

verbs = typer.Typer()


@verbs.command()
def studio(
    data: Annotated[
        list[str] | None, typer.Argument(metavar="[DATA]...", help="Folders or archives to offer in it.")
    ] = None,
    runs: Runs = Path("runs"),
    root: Annotated[Path, typer.Option("--data", help="The folder whose sub-folders are data sets.")] = Path("data"),
    host: Annotated[
        str, typer.Option(help="Address to serve on; NONESUCH_TOKEN must be set for others.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port; the next free one if it is taken.")] = 8470,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the link and open nothing.")] = False,
) -> None:
    """Open the web studio: prints a link with a key, serves until Ctrl-C."""
    from nonesuch.studio.serve import serve

    serve(data or [], runs, root, host, port, not no_browser)
