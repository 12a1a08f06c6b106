"""A run looked back at: its net at each moment that was kept, its filters, one picture inside it, what it drew."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from nonesuch.assembly import reopen
from nonesuch.data.items import Reject
from nonesuch.errors import DataError, NetError, RunError
from nonesuch.evaluation.classifier import probabilities_of
from nonesuch.evaluation.examiner import evaluating
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import as_trained
from nonesuch.lens.capture import recording
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.gan import Generator
from nonesuch.pixels import Picture, to_signed
from nonesuch.runs import history, layout

SEEDS = range(16)


@dataclass(frozen=True, eq=False)
class Frame:
    """A run's net at one moment; None for what its kind does not have.

    filters (F, C, h, w): weights of the layer that sees pictures, if training moves them. maps (M, h, w): what the
    watched layer gives for the picture, (units, 1, 1) of a layer without maps. probabilities (classes,): what a
    classifier says of it. redrawn (H, W, C) uint8: what an autoencoder makes of it. samples (N, H, W, C) uint8: what
    it draws from the seeds.
    """

    images_seen: int
    filters: Tensor | None
    maps: Tensor | None
    probabilities: Tensor | None
    redrawn: Picture | None
    samples: Picture | None


def moments(run: Run) -> tuple[int, ...]:
    """Images seen at each moment that can be looked at, oldest first; the last one is the run as it is now."""
    return (*(seen for seen in layout.history(run.folder.path) if seen < run.images_seen), run.images_seen)


def at(run: Run, images_seen: int) -> Run:
    """The run as it was at one of its moments, to be asked whatever a run can be asked.

    Weights of earlier moments are in half precision. Raises RunError when there is no such moment, or its frame is
    damaged.
    """
    if images_seen == run.images_seen:
        return run
    state = history.load(run.folder.path, images_seen, run.net.state_dict())
    net = copy.deepcopy(run.net)
    net.load_state_dict(state)
    return run.holding(net, images_seen)


def pinned(run: Run, file: str | Path | None = None) -> Tensor | None:
    """The picture to watch, uint8 (1, C, H, W): a file, or the first test picture; None of a run that sees none.

    Raises RunError for a file and a run that sees no pictures, DataError for a file that cannot be read.
    """
    if isinstance(run.net, Generator):
        if file is not None:
            raise RunError(f"{run.folder.path.name} holds a generator, which sees no pictures; leave {file} away")
        return None
    if file is None:
        data = reopen(run.recipe.data)
        rows = data.rows["test"][:1] if len(data.rows["test"]) else data.rows["train"][:1]
        return torch.from_numpy(data.pack.pixels[rows]).permute(0, 3, 1, 2)
    (found,) = run.read([file])
    if isinstance(found, Reject):
        raise DataError(f"{found.name}: {found.reason}")
    return found[1]


def frame(past: Run, picture: Tensor | None, layer: str | None = None, seeds: Sequence[int] = SEEDS) -> Frame:
    """What a run was at the moment that it is at, for a picture, uint8 (1, C, H, W), or none.

    layer: whose maps; by default those of the first convolution that training moves, or of the first layer with
    weights. Raises NetError for a layer that does not exist.
    """
    net, recipe = past.net, past.recipe
    sees, draws = picture is not None, recipe.kind != "cnn"
    probabilities = redrawn = None
    if picture is not None and draws:
        redrawn = past.reconstruct(picture.permute(0, 2, 3, 1).numpy())[0]
    elif picture is not None:
        probabilities = probabilities_of(net, recipe, picture)[0]
    return Frame(
        images_seen=past.images_seen,
        filters=_filters(past) if sees else None,
        maps=None if picture is None else _maps(past, picture, layer or watched(past)),
        probabilities=probabilities,
        redrawn=redrawn,
        samples=past.sample(seeds) if draws else None,
    )


def frames(run: Run, picture: Tensor | None, layer: str | None = None, seeds: Sequence[int] = SEEDS) -> list[Frame]:
    """All moments of a run. Raises as `at` and `frame`, and RunError for a run that kept none but its last."""
    found = moments(run)
    if len(found) < 2:
        raise RunError(f"{run.folder.path.name} has no history: it was trained before histories were kept; train anew")
    return [frame(at(run, images), picture, layer, seeds) for images in found]


def watched(run: Run) -> str:
    """The layer whose maps are shown unless another is wished: the first convolution that training moves."""
    weighty = [(name, each) for name, each in run.net.named_modules() if any(True for _ in each.parameters(False))]
    moved = [name for name, each in weighty if isinstance(each, nn.Conv2d) and each.weight.requires_grad]
    return str((moved or [name for name, _ in weighty])[0])


def _filters(run: Run) -> Tensor | None:
    shape = (run.recipe.data.channels, *run.recipe.data.size)
    layer = run.net.get_submodule(watched(run))
    match layer:
        case nn.Conv2d(in_channels=channels) if channels == shape[0]:
            return layer.weight.detach().float()
        case nn.Linear(in_features=features) if features == torch.Size(shape).numel():
            return layer.weight.detach().float().view(-1, *shape)
    return None


def _maps(run: Run, picture: Tensor, layer: str) -> Tensor:
    net = run.net
    with evaluating(net), recording(net) as calls:
        if isinstance(net, Autoencoder):
            net.encode(as_trained(run.recipe, picture.permute(0, 2, 3, 1).numpy()))
        else:
            net(to_signed(picture))
    found = next((output[0].float() for name, _, output in calls if name == layer), None)
    if found is None:
        names = ", ".join(dict.fromkeys(name for name, _, _ in calls))
        raise NetError(f"no layer that sees pictures is called {layer!r}; found: {names}")
    return found if found.dim() == 3 else found.view(-1, 1, 1)
