"""From library calls to what the room Kernels shows; all of it needs torch, and runs in the nets' thread or a child."""

import numpy as np
import torch

from nonesuch.errors import DataError
from nonesuch.evaluation import filters
from nonesuch.evaluation.kernel_lesson import Moment, aim_of, as_image, learn, small
from nonesuch.evaluation.kernel_sheets import painted, span_of
from nonesuch.evaluation.run import Run
from nonesuch.lens import chains, named_kernels
from nonesuch.lens.kernels import Kernel
from nonesuch.pixels import Picture, png_bytes
from nonesuch.studio.pictures import pixels_in, pixels_of
from nonesuch.studio.studio import Studio
from nonesuch.studio.wire import kernels as wire
from nonesuch.studio.wire.base import Block
from nonesuch.studio.work.desk import Desk

WANTED = "wanted.png"


def named() -> wire.KernelList:
    """Every kernel that has a name, and the other words of a chain."""
    found = []
    for name in named_kernels.PRESETS:
        kernel = named_kernels.preset(name)
        found.append(
            wire.KernelLine(
                name=name,
                caption=named_kernels.CAPTIONS[name],
                weights=kernel.weights.tolist(),
                scale=kernel.scale,
                offset=kernel.offset,
                edge=kernel.edge,
            )
        )
    words = [wire.WordLine(name=name, usual=list(word.usual)) for name, word in chains.WORDS.items()]
    return wire.KernelList(kernels=found, words=[*words, wire.WordLine(name=chains.BIAS, usual=[0.0])])


def learnt(studio: Studio, run_id: str, picture: str | None) -> wire.LearntFilters:
    """The filters of a run's first convolution, and their maps of a picture. Raises MissingError, RunError."""
    run = studio.opened(run_id)
    seen = filters.filters(run, pixels_of(studio, picture)) if picture is not None else None
    kernels = seen.kernels if seen is not None else filters.learnt(run)
    data = run.recipe.data
    return wire.LearntFilters(
        run=run_id,
        kind=run.recipe.kind,
        weights=Block.of(torch.stack([kernel.weights for kernel in kernels]).numpy()),
        offsets=[kernel.offset for kernel in kernels],
        stride=kernels[0].stride,
        edge=kernels[0].edge,
        height=data.size[0],
        width=data.size[1],
        channels=data.channels,
        classes=list(run.classes),
        picture=None if seen is None else Block.of(seen.picture),
        maps=None if seen is None else Block.of(seen.maps.numpy()),
    )


def put_back(studio: Studio, run_id: str, number: int, asked: wire.FilterAsked) -> wire.FilterPut:
    """A copy of a classifier with another filter, asked of a picture. Raises MissingError, RunError, NetError."""
    run = studio.opened(run_id)
    was = run.kernel(number)
    kernel = Kernel(torch.tensor(asked.weights), offset=asked.offset, stride=was.stride, edge=was.edge)
    found = filters.edited(run, _given(studio, asked), number, kernel)
    return wire.FilterPut(
        classes=list(found.classes),
        before=found.before.tolist(),
        after=found.after.tolist(),
        picture=Block.of(found.picture),
        was=Block.of(found.maps[0].numpy()),
        now=Block.of(found.maps[1].numpy()),
    )


def _given(studio: Studio, asked: wire.FilterAsked) -> Picture:
    if asked.picture is not None:
        return pixels_of(studio, asked.picture)
    assert asked.pixels is not None
    try:
        return np.asarray(asked.pixels.array(), np.uint8)
    except ValueError:
        raise DataError("the picture's bytes do not fill its shape; send it again") from None


def taught(asked: wire.LessonAsked, desk: Desk) -> wire.LessonDone:
    """A lesson from random kernels to the end. Raises NetError for a chain that cannot be learnt, RecipeError,
    MissingError, DataError."""
    row = chains.steps(asked.chain, 1, asked.edge, None if asked.mine is None else _kernel(asked.mine))
    given = _pixels(desk, asked.picture)
    aim = None if asked.towards is None else aim_of(_pixels(desk, asked.towards), given)
    image = as_image(small(given, given.shape[2]))
    lesson = learn(row, image, asked.steps, asked.seed, aim, heard=lambda step: desk.say(step, asked.steps, "steps"))
    span = span_of(lesson.wanted)
    desk.write(WANTED, png_bytes(painted(lesson.wanted, span)))
    for moment in lesson.moments:
        desk.write(_file(moment), png_bytes(painted(moment.drawn, span)))
    return wire.LessonDone(wanted=WANTED, moments=[_moment(moment) for moment in lesson.moments])


def _pixels(desk: Desk, picture: str) -> Picture:
    return pixels_in(desk.places, picture, lambda name: Run(desk.places.run(name)))


def _file(moment: Moment) -> str:
    return f"step-{moment.step}.png"


def _moment(moment: Moment) -> wire.MomentLine:
    kernels = [
        wire.TypedKernel(
            weights=kernel.weights.tolist(),
            scale=kernel.scale,
            offset=kernel.offset,
            stride=kernel.stride,
            edge=kernel.edge,
        )
        for kernel in moment.kernels
    ]
    return wire.MomentLine(step=moment.step, loss=moment.loss, kernels=kernels, file=_file(moment))


def _kernel(typed: wire.TypedKernel) -> Kernel:
    weights = torch.tensor(typed.weights)
    return Kernel(weights, typed.scale, typed.offset, typed.stride, typed.edge)
