"""The graphs of a run: what a page, a game or a script asks a net for, each a module with named inputs and outputs.

All are float32 in and out, but for class numbers, and take any number of pictures at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nonesuch.errors import ExportError
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import images_at
from nonesuch.exporting.explain import Explain, last_maps
from nonesuch.exporting.plain import plain
from nonesuch.lens.capture import answer, recording
from nonesuch.lens.saliency import grad_cam
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.blocks import Scale
from nonesuch.models.gan import Generator
from nonesuch.training.reconstruct import ReconstructSettings

EXAMPLES = 3
"""Pictures of the batch that a graph is traced with; 1 would be taken for a fixed number."""
FIRST_MAPS = 3


@dataclass(frozen=True, eq=False)
class Graph:
    """`net` takes `inputs` in their order and gives `outputs` in theirs; shapes are without the batch.

    `fixed`: inputs that have no batch, by their trained values. `layers`: of outputs that are maps, the layers' names.
    `original`: what the run's own net gives, before anything was changed in it, for the outputs that it has.
    """

    name: str
    net: nn.Module
    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]
    fixed: Mapping[str, Tensor] = field(default_factory=dict)
    layers: Mapping[str, str] = field(default_factory=dict)
    first: str = ""
    original: Callable[[Mapping[str, Tensor]], dict[str, Tensor]] | None = None

    def examples(self, count: int, seed: int = 0, classes: int = 1) -> dict[str, Tensor]:
        """Inputs of so many pictures: noise, plain in z, within [-1, 1] in pictures; classes take turns."""
        draws = torch.Generator().manual_seed(seed)
        made: dict[str, Tensor] = {}
        for name, shape in self.inputs.items():
            if name in self.fixed:
                made[name] = self.fixed[name]
            elif name == "label":
                made[name] = torch.arange(count) % classes
            elif name == "target":
                made[name] = F.one_hot(torch.arange(count) % shape[0], shape[0]).float()
            elif name == "picture":
                made[name] = torch.rand(count, *shape, generator=draws) * 2 - 1
            else:
                made[name] = torch.randn(count, *shape, generator=draws)
        return made


def graphs(run: Run) -> tuple[Graph, ...]:
    """All that a run's net has. Raises ExportError for a net of no known family."""
    net, shape = plain(run.net), (run.recipe.data.channels, *run.recipe.data.size)
    match net:
        case Generator():
            inputs: dict[str, tuple[int, ...]] = {"z": (net.latent,)} | ({"label": ()} if net.classes else {})

            def made(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
                assert isinstance(run.net, Generator)
                return {"picture": images_at(run.net, run.recipe, given["z"], given.get("label"))}

            return (Graph("draw", Drawer(net), inputs, {"picture": shape}, original=made),)
        case Autoencoder():
            settings = run.recipe.objective
            assert isinstance(settings, ReconstructSettings)
            draw = Decoder(net, settings.likelihood == "bernoulli")
            coded = {"mean": (net.latent,)} | ({"log_variance": (net.latent,)} if net.gaussian else {})

            def drawn(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
                assert isinstance(run.net, Autoencoder)
                return {"picture": images_at(run.net, run.recipe, given["z"]), "decoded": run.net.decode(given["z"])}

            def encoded(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
                assert isinstance(run.net, Autoencoder)
                mean, log_variance = run.net.encode(given["picture"])
                return {"mean": mean} | ({} if log_variance is None else {"log_variance": log_variance})

            return (
                Graph("draw", draw, {"z": (net.latent,)}, {"picture": shape, "decoded": shape}, original=drawn),
                Graph("encode", Encoder(net), {"picture": shape}, coded, original=encoded),
            )
        case nn.Module() if run.recipe.kind == "cnn":
            return (_answer(run.net, net, shape), *_explain(run, net, shape))
    raise ExportError(f"{run.folder.path.name} holds a net that has no graph to export: {type(net).__name__}")


class Drawer(nn.Module):
    """A generator: z (N, latent), and of a conditional one class numbers (N,), to pictures (N, C, H, W) in [-1, 1]."""

    def __init__(self, net: Generator) -> None:
        super().__init__()
        self.embed, self.first, self.body, self.coarse = net.embed, net.first, net.body, net.coarse

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """As the generator's own, but that no number of pictures is written down in it."""
        if self.embed is not None:
            z = z + self.embed(label)
        pictures: Tensor = self.body(self.first(z).view(-1, *self.coarse))
        return pictures


class Decoder(nn.Module):
    """Codes (N, latent) to pictures in [-1, 1], and to what the decoder gives before: logits, or unclamped means."""

    def __init__(self, net: Autoencoder, binary: bool) -> None:
        super().__init__()
        self.first, self.decoder, self.coarse, self.binary = net.first, net.decoder, net.coarse, binary

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, H, W) both."""
        decoded = self.decoder(self.first(z).view(-1, *self.coarse))
        return (2 * decoded.sigmoid() - 1 if self.binary else decoded.clamp(-1, 1)), decoded


class Encoder(nn.Module):
    """Pictures in [-1, 1] to the mean and, of a VAE, the log variance of their codes, (N, latent) each."""

    def __init__(self, net: Autoencoder) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        """One of an AE, two of a VAE."""
        mean, log_variance = self.net.encode(picture)
        return (mean,) if log_variance is None else (mean, log_variance)


class Answer(nn.Module):
    """Pictures, and the weights of the first convolution if there is one, to logits and the maps of some layers."""

    def __init__(self, net: nn.Module, first: nn.Conv2d | None, shown: tuple[str, ...]) -> None:
        super().__init__()
        self.net, self.shown = net, shown
        self._first = [first]  # in a list: it is a part of `net` already

    def forward(self, picture: Tensor, filters: Tensor | None = None) -> tuple[Tensor, ...]:
        """Logits (N, classes), then maps (N, C, h, w)."""
        (first,) = self._first
        handles = []
        if first is not None and filters is not None:

            def instead(conv: nn.Module, given: tuple[Tensor, ...], _output: Tensor) -> Tensor:
                assert isinstance(conv, nn.Conv2d)
                return F.conv2d(given[0], filters, conv.bias, conv.stride, conv.padding)

            handles.append(first.register_forward_hook(instead))
        try:
            with recording(self.net) as calls:
                logits: Tensor = self.net(picture)
        finally:
            for handle in handles:
                handle.remove()
        found = {name: output for name, _, output in reversed(calls)}
        return (logits, *(found[name] for name in self.shown))


def _answer(own: nn.Module, net: nn.Module, shape: tuple[int, int, int]) -> Graph:
    with torch.no_grad(), recording(net) as calls:
        logits = net(torch.zeros(EXAMPLES, *shape))
    modules = dict(net.named_modules())
    maps = {
        name: tuple(output.shape[1:])
        for name, _, output in calls
        if output.dim() == 4 and not isinstance(modules[name], nn.Identity | nn.ConstantPad2d | Scale)
    }
    convs = [name for name in maps if isinstance(modules[name], nn.Conv2d)]
    shown = tuple(dict.fromkeys([*list(maps)[:FIRST_MAPS], *convs[-1:]])) if convs else ()
    first = modules[convs[0]] if convs else None
    assert first is None or isinstance(first, nn.Conv2d)
    inputs: dict[str, tuple[int, ...]] = {"picture": shape}
    fixed: dict[str, Tensor] = {}
    if first is not None:
        fixed["filters"] = first.weight.detach().clone()
        inputs["filters"] = tuple(first.weight.shape)
    outputs = {"logits": tuple(logits.shape[1:])} | {f"map.{k}": maps[name] for k, name in enumerate(shown)}
    layers = {f"map.{k}": f"{name} {type(modules[name]).__name__}" for k, name in enumerate(shown)}

    def answered(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {"logits": own(given["picture"])}

    seen = convs[0] if convs else ""
    return Graph("answer", Answer(net, first, shown), inputs, outputs, fixed, layers, seen, answered)


def _explain(run: Run, net: nn.Module, shape: tuple[int, int, int]) -> tuple[Graph, ...]:
    """Grad-CAM, where the net's tail can be written so."""
    picture = torch.zeros(1, *shape)
    layer = last_maps(net, picture)
    if layer is None:
        return ()
    maps = tuple(answer(net, picture, layer).shape[1:])

    def explained(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {"cam": grad_cam(run.net, given["picture"], given["target"].argmax(1), layer)}

    inputs = {"picture": shape, "target": (len(run.classes),)}
    outputs = {"cam": maps[1:], "weights": maps[:1]}
    return (Graph("explain", Explain(net, layer), inputs, outputs, original=explained),)
