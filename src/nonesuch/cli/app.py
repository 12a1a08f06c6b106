"""The verbs of `nonesuch`, in the order of the journey. Heavy imports wait until a verb needs them."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from nonesuch.errors import NonesuchError, RecipeError

if TYPE_CHECKING:
    from nonesuch.recipe import Kind

app = typer.Typer(
    name="nonesuch",
    help="From a folder of pictures to a trained net you can look into.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
train = typer.Typer(help="Train a net on DATA: a folder, an archive, or a name.", no_args_is_help=True)
app.add_typer(train, name="train")

Where = Annotated[
    str, typer.Argument(metavar="DATA", help="Folder, zip, idx files, .npz, or a name such as pixelfolk.")
]
Size = Annotated[str | None, typer.Option(help="Side in pixels, or HEIGHTxWIDTH. Default: judged by the pictures.")]
Colour = Annotated[int | None, typer.Option("--channels", help="1 grey, 3 colour, 4 with alpha. Default: as they are.")]
Fit = Annotated[str, typer.Option(help="How other shapes are made to fit: crop, pad or stretch.")]
Json = Annotated[bool, typer.Option("--json", help="One event a line on stdout, for machines.")]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run folder, or the id of a run in ./runs.")]
Runs = Annotated[Path, typer.Option("--runs", help="The folder that holds the runs.")]


@app.command()
def data(
    where: Where,
    size: Size = None,
    channels: Colour = None,
    fit: Fit = "crop",
    out: Annotated[Path | None, typer.Option(help="Folder for the contact sheet.")] = None,
) -> None:
    """Pack the pictures; show counts, sizes, rejects, duplicates, class balance; write a contact sheet."""
    from nonesuch.cli import inspect_data

    inspect_data.show(where, _size(size), channels, fit, out)


@app.command()
def describe(
    net: Annotated[str, typer.Argument(help="A net of the catalogue.")],
    size: Size = None,
    channels: Colour = None,
    classes: Annotated[int, typer.Option(help="Number of classes.")] = 10,
) -> None:
    """Print a net's layers with shapes, parameters, FLOPs and receptive field."""
    from nonesuch.cli import describe_net

    describe_net.show(net, _size(size) or 28, 1 if channels is None else channels, classes)


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

        pairs = _pairs(change or [])
        wish = train_net.Wish(
            kind, where, net, _size(size), channels, fit, label, minutes, images, seed, pairs, runs, run
        )
        raise typer.Exit(train_net.run(wish, as_json, tensorboard))

    train.command(kind, help=summary)(verb)


_train_verb("cnn", "Train a classifier; the sub-folders of DATA are the classes.")
_train_verb("ae", "Train an autoencoder: each picture becomes a point of latent space, and the point the picture.")
_train_verb("vae", "Train a variational autoencoder: each picture becomes a Gaussian around a point.")
_train_verb("gan", "Train a generator against a critic; with sub-folders it learns to make each class.")


@app.command("runs")
def list_runs(folder: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path("runs")) -> None:
    """List the runs in a folder."""
    from nonesuch.cli import show_runs

    show_runs.listing(folder)


@app.command()
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


@app.command()
def predict(
    run: RunArgument,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Picture files.")],
    runs: Runs = Path("runs"),
    as_json: Json = False,
) -> None:
    """Say which class each picture shows, with probabilities."""
    from nonesuch.cli import show_runs

    raise typer.Exit(show_runs.predict(runs, run, files, as_json))


@app.command()
def compare(
    chosen: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Run folders, or ids of runs in ./runs.")],
    runs: Runs = Path("runs"),
    out: Annotated[Path | None, typer.Option(help="A .png with the same seeds of each run, one row a run.")] = None,
) -> None:
    """Put runs side by side: figures as a table, and with --out what they draw from the same seeds."""
    from nonesuch.cli import show_runs

    show_runs.compare(runs, chosen, out)


@app.command()
def sample(
    run: RunArgument,
    seed: Annotated[int, typer.Option(help="Of the first picture; the others follow it.")] = 0,
    count: Annotated[int | None, typer.Option(help="That many pictures, one file each.")] = None,
    grid: Annotated[str, typer.Option(help="ROWSxCOLUMNS in one file.")] = "8x8",
    named: Annotated[str | None, typer.Option("--class", help="What to make, of a conditional GAN.")] = None,
    mixture: Annotated[bool, typer.Option("--mixture", help="Of an ae or vae: from the mixture of its codes.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="In bf16 where that is faster; a few grey levels off.")] = False,
    out: Annotated[Path | None, typer.Option(help="A .png file, or with --count a folder.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Make new pictures: the same seed gives the same picture everywhere."""
    from nonesuch.cli import sample_run

    sample_run.sample(runs, run, seed, count, _size(grid), named, mixture, fast, out)


@app.command()
def look(
    run: RunArgument,
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help="A picture file.")],
    named: Annotated[str | None, typer.Option("--class", help="Whose reasons; by default the answer's.")] = None,
    layer: Annotated[str | None, typer.Option(help="Of Grad-CAM; by default the last one with maps.")] = None,
    number: Annotated[str | None, typer.Option(help="Spell out one number, as conv1:3,4,5 (map, row, column).")] = None,
    out: Annotated[Path | None, typer.Option(help="A folder.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Look inside a classifier while it looks at a picture: every layer's maps, and what the answer hangs on."""
    from nonesuch.cli import look_run

    look_run.show(runs, run, picture, named, layer, number, out)


@app.command()
def walk(
    run: RunArgument,
    points: Annotated[list[str], typer.Argument(metavar="POINT...", help="Seeds; of an ae or vae also picture files.")],
    frames: Annotated[int, typer.Option(help="Of the whole film.")] = 48,
    way: Annotated[str, typer.Option(help="slerp: along the arc, lerp: straight.")] = "slerp",
    ease: Annotated[str, typer.Option(help="linear, or smooth: at rest at each point.")] = "linear",
    loop: Annotated[bool, typer.Option("--loop", help="Back to the first point.")] = False,
    circle: Annotated[bool, typer.Option("--circle", help="Round through two points and their opposites.")] = False,
    psi: Annotated[float, typer.Option(help="Truncation: below 1 nearer to the ordinary.")] = 1.0,
    named: Annotated[
        str | None, typer.Option("--class", help="What to draw, of a conditional GAN; else its first.")
    ] = None,
    speed: Annotated[float, typer.Option(help="Frames a second.")] = 12.0,
    out: Annotated[Path | None, typer.Option(help="A .gif film, a .png strip, or a folder.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Walk through latent space from point to point: what lies between two pictures."""
    from nonesuch.cli import walk_run

    wish = walk_run.Walk(tuple(points), frames, way, ease, loop, circle, psi, named, speed)
    walk_run.walk(runs, run, wish, out)


@app.command()
def likelihood(
    run: RunArgument,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Picture files.")],
    runs: Runs = Path("runs"),
    as_json: Json = False,
) -> None:
    """Say how probable a VAE finds each picture, and where it lies among the training pictures."""
    from nonesuch.cli import show_runs

    raise typer.Exit(show_runs.likelihood(runs, run, files, as_json))


@app.command()
def kernel(
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help="A picture file.")],
    preset: Annotated[str | None, typer.Option(help="A kernel by name: sharpen (default), blur, emboss ...")] = None,
    weights: Annotated[str | None, typer.Option(help='Rows of numbers, as "0 -1 0; -1 5 -1; 0 -1 0".')] = None,
    acf: Annotated[Path | None, typer.Option(help="A Custom filter of an image editor, .acf.")] = None,
    from_run: Annotated[str | None, typer.Option(metavar="RUN", help="A filter this run has learnt.")] = None,
    number: Annotated[int, typer.Option("--filter", help="Which one of the first convolution.")] = 0,
    scale: Annotated[float | None, typer.Option(help="Divides the sum.")] = None,
    offset: Annotated[float | None, typer.Option(help="Added to each result, in grey levels.")] = None,
    stride: Annotated[int | None, typer.Option(help="Places between two results.")] = None,
    edge: Annotated[str | None, typer.Option(help="Outside of the picture: zero, reflect, replicate or wrap.")] = None,
    turned: Annotated[bool, typer.Option("--convolve", help="True convolution: turn the kernel round first.")] = False,
    out: Annotated[Path | None, typer.Option(help="A .png file.")] = None,
    save: Annotated[Path | None, typer.Option(help="Also write the kernel as .acf.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Slide a kernel over a picture: an image editor's filter, or one that a net has learnt."""
    from nonesuch.cli import kernel_picture

    choice = kernel_picture.Choice(preset, weights, acf, from_run, number, scale, offset, stride, edge, turned)
    kernel_picture.show(picture, choice, runs, out, save)


@app.command()
def demo(out: Annotated[Path, typer.Option(help="Where the results go.")] = Path("demo")) -> None:
    """Train a CNN, a VAE and a GAN on the embedded pixel people and show what they learnt. About five minutes."""
    from nonesuch.cli import train_net

    raise typer.Exit(train_net.demo(out))


def _size(text: str | None) -> int | tuple[int, int] | None:
    """ "32" -> 32, "24x32" -> (24, 32)."""
    if text is None:
        return None
    parts = text.lower().split("x")
    if not all(part.isdecimal() for part in parts) or len(parts) > 2:
        raise RecipeError(f"--size is a number of pixels or HEIGHTxWIDTH; found {text!r}; try --size 32")
    numbers = [int(part) for part in parts]
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def _pairs(settings: list[str]) -> dict[str, str]:
    pairs = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise RecipeError(f"--set takes KEY=VALUE; found {setting!r}; try --set train.batch=64")
        pairs[name.strip()] = value.strip()
    return pairs


def main() -> NoReturn:
    """The command `nonesuch`: expected errors become one line on stderr and exit code 2."""
    # Waiting threads that spin make two programs on one machine stall each other up to 50 times longer (see LOG);
    # OpenMP reads this once, when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        app(standalone_mode=True)
    except NonesuchError as error:
        _leave(str(error), error.exit_code)
    except BrokenPipeError:
        os._exit(0)  # the reader of our output has gone, as in `nonesuch runs | head`
    sys.exit(0)


def _leave(message: str, code: int) -> NoReturn:
    print(f"nonesuch: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)
