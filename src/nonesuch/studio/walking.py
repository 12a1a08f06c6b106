"""From library calls to what the room Latent shows; all of it needs torch, and runs in the thread for nets."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nonesuch.assembly import reopen
from nonesuch.errors import NonesuchError, RecipeError, RunError
from nonesuch.evaluation import directions
from nonesuch.evaluation.atlas import RunMap, map_of
from nonesuch.evaluation.code_use import use_of_code
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import as_trained, codes_of, latents
from nonesuch.film import can_mp4
from nonesuch.latent.directions import Direction
from nonesuch.latent.path import WAYS, truncated
from nonesuch.latent.seed_plane import mixed, weighted
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.gan import Generator
from nonesuch.pixels import Picture, png_bytes
from nonesuch.studio import pictures
from nonesuch.studio.studio import Studio
from nonesuch.studio.wire import latent as wire
from nonesuch.studio.wire.base import Block
from nonesuch.training.reconstruct import ReconstructSettings


def drawer(run: Run) -> Generator | Autoencoder:
    """The net of a run that has a latent space. Raises RunError."""
    if not isinstance(run.net, Generator | Autoencoder):
        raise RunError(f"{run.folder.path.name} holds a classifier, which has no latent space; take an ae, vae or gan")
    return run.net


def vector(block: Block, size: int) -> Tensor:
    """A code (size,). Raises RecipeError for one of another size or type, or with numbers that are not finite."""
    if block.dtype != "float32" or block.shape != [size]:
        raise RecipeError(f"a code of this net is float32 ({size},); found {block.dtype} {tuple(block.shape)}")
    try:
        return torch.from_numpy(np.array(block.array(), np.float32))
    except ValueError as error:
        raise RecipeError(f"this code cannot be read: {error}") from None


def code_of(point: wire.Point, size: int) -> Tensor:
    """Where a point lies, (size,). Raises RecipeError."""
    base = weighted((term.weight, _term(term, size)) for term in point.mix)
    centre = None if point.centre is None else vector(point.centre, size)
    found = truncated(base[None], point.psi, centre)[0]
    moves = [(term.weight, _term(term, size)) for term in point.moves]
    return weighted([(1.0, found), *moves]) if moves else found


def _term(term: wire.Term, size: int) -> Tensor:
    if term.plane is not None:
        return mixed(term.plane.x, term.plane.y, size)
    if term.code is not None:
        return vector(term.code, size)
    assert term.seed is not None
    return latents([term.seed], size)[0]


def drawn(run: Run, asked: wire.PictureAsked) -> bytes:
    """One place, or one on the way between two, as PNG. Raises RunError, RecipeError."""
    size = drawer(run).latent
    code = code_of(asked.at, size)
    if asked.towards is not None:
        share = torch.tensor([asked.share], dtype=code.dtype)
        code = WAYS[asked.way](code, code_of(asked.towards, size), share)[0]
    return png_bytes(run.drawn_at(code[None], told_class(run, asked.named))[0])


def drawn_sheet(run: Run, asked: wire.SheetAsked) -> wire.Sheet:
    """Several places. Raises RunError, RecipeError."""
    size = drawer(run).latent
    codes = torch.stack([code_of(point, size) for point in asked.points])
    return wire.Sheet(pictures=Block.of(run.drawn_at(codes, told_class(run, asked.named))))


def told_class(run: Run, named: str | None) -> str | None:
    """A class is for those nets that can be told one; a page that walks from net to net need not know which."""
    return named if run.recipe.kind == "gan" and run.classes else None


def space(run: Run) -> wire.Space:
    """What a person can do in the latent space of this run. Raises RunError for a classifier."""
    net, recipe = drawer(run), run.recipe
    columns, problem, kept, damaged = [], "", [], ""
    try:
        known = reopen(recipe.data).pack.columns
        columns = [(name, column.classes) for name, column in known.items() if len(column.classes) > 1]
    except NonesuchError as error:
        problem = str(error)
    try:
        kept = list(directions.Space(run).kept().values())
    except RunError as error:
        damaged = str(error)
    height, width = recipe.data.size
    return wire.Space(
        run=run.folder.path.name,
        kind=recipe.kind,
        latent=net.latent,
        height=height,
        width=width,
        channels=recipe.data.channels,
        gaussian=isinstance(net, Generator) or net.gaussian,
        classes=list(run.classes) if isinstance(net, Generator) and net.classes else [],
        columns=[wire.LabelColumn(name=name, values=list(values)) for name, values in columns],
        directions=[told(each) for each in kept],
        problem=problem,
        damaged=damaged,
        no_likelihood=why_no_likelihood(run),
        films=["gif", "mp4"] if can_mp4() else ["gif"],
    )


def why_no_likelihood(run: Run) -> str:
    """Why the run says nothing of how probable a picture is, or ""."""
    settings = run.recipe.objective
    if run.recipe.kind == "gan":
        return "a GAN draws pictures without saying how probable they are; a VAE can"
    if run.recipe.kind == "ae":
        return "an autoencoder's code is a point and gives no probability of a picture; a VAE's does"
    if isinstance(settings, ReconstructSettings) and settings.perceptual:
        return "this VAE was trained with a perceptual term, which is no likelihood"
    return ""


def told(direction: Direction) -> wire.FoundDirection:
    """A direction as it is told."""
    return wire.FoundDirection(
        name=direction.name[:80],
        method=direction.method,
        vector=_block(direction.vector),
        sigma=direction.sigma,
        share=direction.share,
    )


def keep(run: Run, found: wire.FoundDirection) -> wire.Directions:
    """Put a direction into the run's folder; one of the same name is replaced. Raises RecipeError, RunError."""
    inside = directions.Space(run)
    unit = vector(found.vector, inside.net.latent)
    length = float(unit.norm())
    if not 0.99 < length < 1.01:
        raise RecipeError(f"a direction's vector has length 1; found {length:.3g}")
    inside.keep([Direction(found.name, found.method, unit, found.sigma, found.share)])
    return wire.Directions(directions=[told(each) for each in inside.kept().values()])


def forget(run: Run, name: str) -> wire.Directions:
    """Take a direction out of the run's folder. Raises RecipeError, RunError."""
    inside = directions.Space(run)
    inside.forget(name)
    return wire.Directions(directions=[told(each) for each in inside.kept().values()])


def own_cloud(run: Run, column: str | None, most: int) -> wire.Cloud:
    """An autoencoder's codes on their principal plane. Raises RunError for a generator, which takes a task."""
    if isinstance(drawer(run), Generator):
        raise RunError("a GAN has no codes of pictures; lay out real and drawn ones in the measuring net's eyes")
    return cloud(run, "pca", column, most)


def cloud(run: Run, layout: wire.Layout, column: str | None, most: int) -> wire.Cloud:
    """The run's training pictures in two dimensions. Raises RecipeError, DataError, MachineError."""
    drawer(run)
    found = map_of(run, layout, column, most=most)
    rows = np.searchsorted(found.points.data.rows["train"], found.points.rows)
    return _cloud(found, rows)


def _cloud(found: RunMap, rows: npt.NDArray[np.int64]) -> wire.Cloud:
    atlas, frame, real = found.atlas, found.atlas.frame, len(found.points.rows)
    plane = atlas.plane if len(found.points.made) == 0 else None
    return wire.Cloud(
        words=atlas.words,
        space=found.points.space,
        split="train",
        rows=rows.tolist(),
        places=_block(atlas.places[:real]),
        covariances=None if found.covariances is None else _block(found.covariances),
        made=_block(atlas.places[real:]) if len(found.points.made) else None,
        column=found.column,
        names=list(found.names),
        labels=found.classes.tolist(),
        frame=wire.Extent(left=frame.left, right=frame.right, bottom=frame.bottom, top=frame.top),
        centre=None if plane is None else _block(plane.centre),
        axes=None if plane is None else _block(plane.axes),
    )


def use(run: Run) -> wire.CodeUse:
    """What each dimension of a VAE's code says. Raises RunError, DataError."""
    found = use_of_code(run)
    return wire.CodeUse(n=found.n, split=found.split, nats=list(found.nats), dead=found.dead)


def encoded(studio: Studio, run: Run, picture: str) -> wire.Code:
    """An autoencoder's own code of a picture. Raises RunError for a net without an encoder, and as pixels_of does."""
    net = drawer(run)
    if not isinstance(net, Autoencoder):
        raise RunError("a GAN has no encoder of its own; find the picture by inversion")
    photos = fitted(run, pictures.pixels_of(studio, picture))
    with torch.inference_mode():
        return wire.Code(code=Block.of(codes_of(net, as_trained(run.recipe, photos))[0]))


def fitted(run: Run, pixels: Picture) -> Picture:
    """A picture (H, W, C) as this run takes them, (1, H', W', C')."""
    from nonesuch.data.decode import fit

    settings = run.recipe.data
    return fit(pixels, settings.size, settings.fit, settings.channels)[None]


def resolved(run: Run, point: wire.Point) -> wire.Code:
    """The numbers of a place. Raises RunError, RecipeError."""
    return wire.Code(code=_block(code_of(point, drawer(run).latent)))


def _block(values: Tensor | npt.NDArray[np.floating]) -> Block:
    return Block.of(np.asarray(values, np.float32))
