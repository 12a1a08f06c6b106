"""The verbs that give a run to the world: a page of it, and a look at the page before it goes anywhere."""

from pathlib import Path
from typing import Annotated

import typer

from nonesuch.cli.options import RunArgument, Runs

verbs = typer.Typer()


@verbs.command()
def publish(
    run: RunArgument,
    site: Annotated[
        Path | None, typer.Argument(metavar="[SITE]", help="A folder, or an .html file. Default: the run's own page/.")
    ] = None,
    single: Annotated[
        bool, typer.Option("--single-file", help="One .html file that opens from a disk, without a server.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Publish although the net may repeat training pictures.")] = False,
    title: Annotated[str | None, typer.Option(help="Default: This THING does not exist.")] = None,
    thing: Annotated[str | None, typer.Option(help="What it shows, as 'pixel person'.")] = None,
    words: Annotated[str | None, typer.Option(metavar="FILE|TEXT", help="A text for the page.")] = None,
    language: Annotated[str, typer.Option(help="Of the page: en, de, or auto for the visitor's.")] = "en",
    licence: Annotated[str | None, typer.Option(help="Of the pictures and the net, as CC0.")] = None,
    forbidden: Annotated[
        str | None, typer.Option("--forbidden-uses", metavar="TEXT", help="What it must not be used for.")
    ] = None,
    directions: Annotated[
        Path | None, typer.Option(help="A directions.json whose directions become sliders. Default: the run's own.")
    ] = None,
    neighbours: Annotated[
        bool, typer.Option("--neighbours", help="I agree to show the training pictures nearest to made ones.")
    ] = False,
    mark: Annotated[bool, typer.Option("--mark", help="Write a visible mark onto pictures that are saved.")] = False,
    tiny: Annotated[
        bool, typer.Option("--tiny", help="Without ONNX Runtime: half a megabyte, slower with large nets.")
    ] = False,
    precision: Annotated[
        str, typer.Option(help="Of the net's weights: fp16, the smallest that draws the same pictures; int8 or fp32.")
    ] = "fp16",
    url: Annotated[str, typer.Option(help="Where the page will be, so that links to it show its picture.")] = "",
    runs: Runs = Path("runs"),
) -> None:
    """Make a page of a run, for any web host or for a disk: the net runs in the visitor's own browser."""
    from nonesuch.cli import publish_run

    wish = publish_run.Wish(
        title,
        thing,
        words,
        language,
        licence,
        forbidden,
        single,
        yes,
        precision,
        neighbours,
        mark,
        tiny,
        url,
        directions,
    )
    publish_run.publish(runs, run, site, wish)


@verbs.command()
def preview(
    site: Annotated[Path, typer.Argument(metavar="SITE", help="A folder that `nonesuch publish` has made.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port; the next free one if it is taken.")] = 8480,
) -> None:
    """Serve a published folder on this machine as a web host would, until Ctrl-C."""
    from nonesuch.publishing.preview import serve

    serve(site, port, lambda address: print(f"{address}   (Ctrl-C ends it)", flush=True))
