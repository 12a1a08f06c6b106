"""From library calls to what the room Network shows; all of it needs torch, and runs in the thread for nets."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nonesuch.assembly import reopen
from nonesuch.errors import DataError, NonesuchError, RecipeError, RunError
from nonesuch.evaluation import ablation, answers, confusion, history
from nonesuch.evaluation import inside as insides
from nonesuch.evaluation.inside import Side, Switch
from nonesuch.evaluation.look import last_maps, one_map
from nonesuch.evaluation.run import Run
from nonesuch.lens.layers import Layer, layers, totals
from nonesuch.lens.unfold import unfolded
from nonesuch.lens.wiring import formula, in_words, product, sources
from nonesuch.pixels import Picture
from nonesuch.studio import pictures
from nonesuch.studio.studio import Studio
from nonesuch.studio.wire import network as wire
from nonesuch.studio.wire.base import Block, PictureId, parts_of

EXAMPLES = 24
LARGEST_SIDE = 1024
"""Of pixels that come with a question; a picture that is given once may be larger."""


def anatomy(studio: Studio, run_id: str, name: wire.SideName | None) -> wire.Anatomy:
    """The layers of a side, and pictures to begin with. Raises MissingError, RunError."""
    run = studio.opened(run_id)
    found = _side(studio, run, name, 0)
    rows = _lines(found)
    sums = totals(row for row, _ in rows)
    examples, truths = _examples(run_id, run, found)
    return wire.Anatomy(
        run=run_id,
        kind=run.recipe.kind,
        net=run.recipe.net.name,
        sides=list(insides.names(run)),
        side=found.name,
        takes="seed" if found.draws else "picture",
        gives=found.gives,
        shape=list(found.shape),
        classes=list(run.classes),
        conditional=run.recipe.kind == "gan" and len(run.classes) > 0,
        layers=[line for _, line in rows],
        parameters=sums.parameters,
        multiply_adds=sums.multiply_adds,
        examples=examples,
        truths=truths,
        moments=[run.images_seen] if found.name == "critic" else list(history.moments(run)),
    )


def _side(studio: Studio, run: Run, name: wire.SideName | None, told: int) -> Side:
    return studio.remembered(run, f"side {name} {told}", lambda: insides.side(run, name, told))


def _lines(found: Side) -> list[tuple[Layer, wire.LayerLine]]:
    rows = [row for row in layers(found.net, found.shape) if row.name != "elsewhere"]
    modules = dict(found.net.named_modules())
    wired = sources(found.net, found.shape)
    # Both lists are in the order of the calls.
    same = [name for name, _ in wired] == [row.name for row in rows]
    taken = [list(each) for _, each in wired] if same else [[at - 1] for at in range(len(rows))]
    lines = []
    for row, from_ in zip(rows, taken, strict=True):
        module, shape = modules[row.name], row.output_shape
        line = wire.LayerLine(
            name=row.name,
            kind=row.kind.value,
            words=in_words(module),
            product=product(module),
            units=shape[0] if len(shape) in (1, 3) else 0,
            maps=len(shape) == 3 and min(shape[1:]) > 1,
            input_shape=list(row.input_shape),
            output_shape=list(shape),
            trainable=row.trainable,
            fixed=row.fixed,
            connections=row.connections,
            multiply_adds=row.multiply_adds,
            receptive_field=list(row.receptive_field) if row.receptive_field and not found.draws else None,
            stride=list(row.stride) if row.stride and not found.draws else None,
            sources=from_,
        )
        lines.append((row, line))
    return lines


def _examples(run_id: str, run: Run, found: Side) -> tuple[list[PictureId], list[int]]:
    """Held-out pictures with their classes, seeds of what draws; none where the run's pictures are gone."""
    if found.draws:
        return [f"seed:{run_id}:{seed}" for seed in range(EXAMPLES)], []
    try:
        if run.recipe.kind == "cnn":
            seen = answers.watched(run, EXAMPLES)
            return [f"run:{run_id}:{seen.split}:{place}" for place in seen.places], seen.truth.tolist()
        data = reopen(run.recipe.data)
        split = "test" if len(data.rows["test"]) else "train"
        count = min(EXAMPLES, len(data.rows[split]))
        return [f"run:{run_id}:{split}:{place}" for place in range(count)], []
    except NonesuchError:
        return [], []


def _looking(studio: Studio, run_id: str, asked: wire.Asked) -> tuple[Run, Side, Tensor]:
    """The run at its moment, the side that is asked, and what it is given. Raises what any of these does."""
    run = studio.opened(run_id)
    if asked.moment is not None and asked.moment != run.images_seen and asked.side != "critic":
        now, moment = run, asked.moment
        run = studio.remembered(now, f"moment {moment}", lambda: history.at(now, moment))
    found = _side(studio, run, asked.side, _told(run, asked))
    return run, found, _given(studio, run_id, run, found, asked)


def _told(run: Run, asked: wire.Asked) -> int:
    """The class of a conditional GAN: what was asked, else what `Run.sample` takes for a seed by itself."""
    if asked.told is not None or run.recipe.kind != "gan" or not run.classes or asked.picture is None:
        return asked.told or 0
    kind, *rest = parts_of(asked.picture)
    return int(rest[-1]) % len(run.classes) if kind == "seed" else 0


def _given(studio: Studio, run_id: str, run: Run, found: Side, asked: wire.Asked) -> Tensor:
    if asked.picture is not None and parts_of(asked.picture)[0] == "seed" and found.draws:
        _, owner, seed = parts_of(asked.picture)
        if owner != run_id:
            raise RecipeError(f"a seed of {owner} says nothing to {run_id}; take seed:{run_id}:{seed}")
        return insides.from_seed(found, int(seed))
    return insides.from_picture(run, found, _pixels(studio, asked))


def _pixels(studio: Studio, asked: wire.Asked) -> Picture:
    if asked.picture is not None:
        return pictures.pixels_of(studio, asked.picture)
    assert asked.pixels is not None
    try:
        found = asked.pixels.array()
    except ValueError as error:
        raise DataError(f"these pixels cannot be read: {error}") from None
    fits = found.ndim == 3 and found.dtype == np.uint8 and found.shape[2] in (1, 3, 4)
    if not fits or not all(1 <= side <= LARGEST_SIDE for side in found.shape[:2]):
        raise DataError(f"pixels are bytes (height, width, 1, 3 or 4), {LARGEST_SIDE} a side at most")
    return found.astype(np.uint8, copy=False)


def _switches(asked: Sequence[wire.Switched]) -> tuple[Switch, ...]:
    return tuple(Switch(each.layer, tuple(each.units), each.factor) for each in asked)


def inside(studio: Studio, run_id: str, asked: wire.Asked) -> wire.Inside:
    """What every layer gives, and what comes out."""
    run, found, given = _looking(studio, run_id, asked)
    look = insides.inside(found, given, _switches(asked.switches))
    named = found.gives == "classes"
    return wire.Inside(
        picture=None if found.draws else Block.of(_shown(given)),
        layers=[_gave(each.name, each.values) for each in look.recorded],
        outcome=[] if found.draws else (look.output.softmax(0) if named else look.output).tolist(),
        logits=look.output.tolist() if named else [],
        drawn=Block.of(insides.picture_of(run, look.output)) if found.draws else None,
        images_seen=run.images_seen,
    )


def _shown(image: Tensor) -> Picture:
    from nonesuch.evaluation.sampling import as_pictures

    picture: Picture = as_pictures(image[None])[0]
    return picture


def _gave(name: str, values: Tensor) -> wire.Given:
    """Maps as bytes between the least and the greatest of each unit: a quarter of the size, as fine as colours are."""
    if values.dim() != 3:
        flat = values.flatten().tolist()
        return wire.Given(name=name, shape=list(values.shape), lows=flat, highs=flat, maps=None)
    lows, highs = values.amin((1, 2), keepdim=True), values.amax((1, 2), keepdim=True)
    share = (values - lows) / (highs - lows).clamp(min=1e-30)
    bytes_ = (255 * share).nan_to_num().round().clamp(0, 255).to(torch.uint8)
    return wire.Given(
        name=name,
        shape=list(values.shape),
        lows=lows.flatten().tolist(),
        highs=highs.flatten().tolist(),
        maps=Block.of(bytes_.numpy()),
    )


def unfold(studio: Studio, run_id: str, asked: wire.UnfoldAsked) -> wire.UnitUnfolded:
    """One unit with all that it is made of."""
    _, found, given = _looking(studio, run_id, asked)
    with insides.switched(found, _switches(asked.switches)):
        unit = unfolded(found.net, given, asked.layer, asked.unit)
    module = dict(found.net.named_modules())[asked.layer]
    return wire.UnitUnfolded(
        layer=unit.layer,
        kind=unit.kind.value,
        unit=unit.unit,
        rule=unit.rule,
        formula=formula(module),
        numbers=list(unit.numbers),
        inputs=_block(unit.inputs),
        weights=None if unit.weights is None else _block(unit.weights),
        parts=None if unit.parts is None else _block(unit.parts),
        bias=unit.bias,
        output=_block(unit.output),
        window=list(unit.window),
        stride=list(unit.stride),
        padding=list(unit.padding),
    )


def _block(tensor: Tensor) -> Block:
    # A net that has diverged gives no numbers; a block holds nothing else.
    return Block.of(_numbers(tensor))


def _numbers(tensor: Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.ascontiguousarray(tensor.detach().float().nan_to_num().numpy(), np.float32)
    return found


def reason(studio: Studio, run_id: str, asked: wire.ReasonAsked) -> wire.Reason:
    """Where the reasons for a class lie. Raises RunError unless a classifier, NetError for a layer without maps."""
    run, found, given = _looking(studio, run_id, asked)
    if found.gives != "classes":
        raise RunError(f"{run_id} holds a {run.recipe.kind}; only a classifier's answers have reasons in the picture")
    with insides.switched(found, _switches(asked.switches)):
        look = insides.inside(found, given)
        named = int(look.output.argmax()) if asked.named is None else asked.named
        if named >= len(look.output):
            raise RecipeError(f"there are classes 0 to {len(look.output) - 1}; found {named}")
        layer = (asked.layer or last_maps(look.recorded)) if asked.method == "grad-cam" else None
        classes = torch.tensor([named])
        values = one_map(found.net, given[None], classes, asked.method, layer)[0]
    return wire.Reason(method=asked.method, named=named, layer=layer, map=_block(values))


def effect(studio: Studio, run_id: str, asked: wire.EffectAsked) -> wire.Effect:
    """What switches do to the answers to held-out pictures. Raises RunError unless a classifier, NetError."""
    run = studio.opened(run_id)
    if asked.moment is not None:
        run = history.at(run, asked.moment)
    switches = [(each.layer, each.units, each.factor) for each in asked.switches]
    found = ablation.effect(run, switches, asked.most)
    return wire.Effect(
        n=found.n,
        before=found.before,
        after=found.after,
        lost=found.before - found.after,
        low=found.lost.low,
        high=found.lost.high,
        classes=list(run.classes),
        recall_before=list(found.recall_before),
        recall_after=list(found.recall_after),
    )


def cell(studio: Studio, run_id: str, truth: int, answer: int, most: int) -> wire.Cell:
    """The pictures behind a cell of the confusion matrix. Raises RunError, RecipeError, DataError."""
    run = studio.opened(run_id)
    found = studio.remembered(run, f"answered {truth}", lambda: confusion.answered(run, truth))
    places = found.called(answer)
    return wire.Cell(
        truth=truth,
        answer=answer,
        count=len(places),
        pictures=[wire.CellPicture(picture=f"run:{run_id}:test:{place}", sure=sure) for place, sure in places[:most]],
    )
