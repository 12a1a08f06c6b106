"""The verbs that train: one a family of nets, one to steer them while they run, and the demonstration of all."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nonesuch.cli.options import Colour, Fit, Json, RunArgument, Runs, Size, Where, pairs_of, size_of

if TYPE_CHECKING:
    from nonesuch.recipe import Kind

verbs = typer.Typer()
train = typer.Typer(help="Train a net on DATA: a folder, an archive, or a name.", no_args_is_help=True)
verbs.add_typer(train, name="train")

Net = Annotated[str | None, typer.Option(help="A net of the catalogue; see `nonesuch describe`.")]
Label = Annotated[str | None, typer.Option(help="The column that holds the classes, or none. Default: sub-folders.")]
Minutes = Annotated[float | None, typer.Option(help="Time budget.")]
Images = Annotated[int | None, typer.Option(help="Budget in pictures shown, repeats counted.")]
Seed = Annotated[int, typer.Option(help="Decides every random number.")]
RunFolder = Annotated[Path | None, typer.Option("--run", help="A run folder of its own; the same again goes on.")]
Change = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any recipe setting.")]
Board = Annotated[Path | None, typer.Option(help="Also log there for TensorBoard.")]


def _train_verb(kind: "Kind", summary: str) -> None:
    """Add `nonesuch train KIND`: all kinds take the same options, so that what one learns of one holds for all."""

    def verb(
        where: Where,
        net: Net = None,
        size: Size = None,
        channels: Colour = None,
        fit: Fit = "crop",
        label: Label = None,
        minutes: Minutes = None,
        images: Images = None,
        seed: Seed = 0,
        runs: Runs = Path("runs"),
        run: RunFolder = None,
        change: Change = None,
        tensorboard: Board = None,
        as_json: Json = False,
    ) -> None:
        from nonesuch.cli import train_net

        pairs = pairs_of(change or [])
        wish = train_net.Wish(
            kind, where, net, size_of(size), channels, fit, label, minutes, images, seed, pairs, runs, run
        )
        raise typer.Exit(train_net.run(wish, as_json, tensorboard))

    train.command(kind, help=summary)(verb)


_train_verb("cnn", "Train a classifier; the sub-folders of DATA are the classes.")
_train_verb("ae", "Train an autoencoder: each picture becomes a point of latent space, and the point the picture.")
_train_verb("vae", "Train a variational autoencoder: each picture becomes a Gaussian around a point.")
_train_verb("gan", "Train a generator against a critic; with sub-folders it learns to make each class.")


@verbs.command()
def steer(
    run: RunArgument,
    word: Annotated[str, typer.Argument(metavar="WISH", help="pause, resume, stop, save, step, rate or slow.")],
    number: Annotated[float | None, typer.Argument(help="Factor on the rate, seconds a step, or steps.")] = None,
    only: Annotated[str | None, typer.Option(help="Of a GAN: step, or set the rate of, critic or generator.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Steer a training while it runs, from another terminal: it is heard after the next step."""
    from nonesuch.cli import steer_run

    steer_run.steer(runs, run, word, number, only)


@verbs.command()
def demo(out: Annotated[Path, typer.Option(help="Where the results go.")] = Path("demo")) -> None:
    """Train a CNN, a VAE and a GAN on the embedded pixel people and show what they learnt. About five minutes."""
    from nonesuch.cli import train_net

    raise typer.Exit(train_net.demo(out))
