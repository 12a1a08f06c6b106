"""From library calls to what the room Train shows; all of it needs torch, and runs in the thread for nets."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from nonesuch import form
from nonesuch.errors import RunError
from nonesuch.evaluation import answers, gan_game, gan_step, history
from nonesuch.evaluation.run import Run
from nonesuch.recipe import Kind
from nonesuch.runs import layout
from nonesuch.studio.studio import Studio
from nonesuch.studio.wire import train as wire
from nonesuch.studio.wire.base import Block

SEEDS = range(16)
PINNED = 4
"""Real pictures that an autoencoder is shown drawing again."""


def shown_form(kind: Kind, net: str | None, data: list[str]) -> wire.TrainForm:
    """The form of a kind and net, and the data sets there are. Raises RecipeError."""
    nets = form.nets(kind)
    chosen = net or next(iter(nets))
    return wire.TrainForm(
        kind=kind,
        net=chosen,
        nets=[wire.NetLine(name=name, summary=summary) for name, summary in nets.items()],
        data=data,
        settings=[_line(setting) for setting in form.form(kind, chosen)],
    )


def _line(setting: form.Setting) -> wire.SettingLine:
    return wire.SettingLine(
        name=setting.name,
        type=setting.type,
        default=setting.default,
        help=setting.help,
        advanced=setting.advanced,
        least=setting.least,
        most=setting.most,
        above=setting.above,
        below=setting.below,
        choices=list(setting.choices),
        fewest=setting.count[0],
        longest=setting.count[1],
    )


def _at(studio: Studio, run_id: str, moment: int | None) -> Run:
    """A run as it was at a moment; without one, as it is: while it learns, its newest frame may be newer than that."""
    run = studio.opened(run_id)
    if moment is None:
        moment = max([run.images_seen, *layout.history(run.folder.path)])
    return history.at(run, moment)


def answered(studio: Studio, run_id: str, moment: int | None) -> wire.Answers:
    """What a classifier says of the watched pictures, now or at a moment. Raises RunError."""
    past = _at(studio, run_id, moment)
    pictures = answers.watched(past)
    found = answers.answers(past, pictures)
    lines = zip(
        pictures.places, pictures.truth.tolist(), found.probabilities.tolist(), found.right.tolist(), strict=True
    )
    return wire.Answers(
        images_seen=found.images_seen,
        classes=list(past.classes),
        lines=[
            wire.AnswerLine(
                picture=f"run:{run_id}:{pictures.split}:{place}", truth=truth, probabilities=each, right=right
            )
            for place, truth, each, right in lines
        ],
    )


def framed(studio: Studio, run_id: str, moment: int | None) -> wire.DrawnFrame:
    """What a net that draws makes of fixed seeds, and an autoencoder of real pictures. Raises RunError."""
    past = _at(studio, run_id, moment)
    if past.recipe.kind == "cnn":
        raise RunError(f"{run_id} holds a classifier, which draws nothing; ask for its answers")
    given = redrawn = None
    if past.recipe.kind in ("ae", "vae"):
        from nonesuch.assembly import reopen
        from nonesuch.evaluation.drawings import pictures_of

        shown = pictures_of(reopen(past.recipe.data), "test", PINNED)
        given, redrawn = Block.of(shown), Block.of(past.reconstruct(shown))
    return wire.DrawnFrame(
        images_seen=past.images_seen,
        seeds=list(SEEDS),
        samples=Block.of(past.sample(SEEDS)),
        given=given,
        redrawn=redrawn,
    )


def played(studio: Studio, run_id: str, count: int, moment: int | None) -> wire.Game:
    """Made and real pictures before the critic; made ones as the run drew them at a moment. Raises RunError."""
    run = studio.opened(run_id)
    past = run if moment is None else history.at(run, moment)
    game = gan_game.opened(run)
    return wire.Game(
        images_seen=game.images_seen,
        made=_judged(gan_game.judge_made(game, range(count), past)),
        real=_judged(gan_game.judge_real(game, count)),
    )


def _judged(found: gan_game.Judged) -> wire.Judged:
    return wire.Judged(
        pictures=Block.of(found.pictures),
        scores=found.scores.tolist(),
        probabilities=None if found.probabilities is None else found.probabilities.tolist(),
        maps=_block(found.maps),
        rows=list(found.rows),
    )


def spelled(studio: Studio, run_id: str, phase: str | None, count: int) -> wire.Spelled:
    """The next step of a GAN. Raises RunError, RecipeError."""
    game = gan_game.opened(studio.opened(run_id))
    return wire.Spelled(
        images_seen=game.images_seen,
        stages=[
            wire.StageLine(
                number=stage.number,
                phase=stage.phase,
                name=stage.name,
                caption=stage.caption,
                tensors={name: _tensor(name, tensor) for name, tensor in stage.tensors.items()},
                figures=_figures(stage.figures),
                layers=list(stage.layers),
            )
            for stage in gan_step.spelled(game, phase, count)
        ],
    )


def _tensor(name: str, tensor: Tensor) -> Block:
    """Pictures as bytes (N, H, W, C), a push as one signed map (N, H, W), anything else as it is."""
    from nonesuch.evaluation.sampling import as_pictures

    if name == "push":
        return _block(tensor.sum(1))
    return Block.of(as_pictures(tensor.clamp(-1, 1))) if tensor.dim() == 4 else _block(tensor)


def _block(tensor: Tensor) -> Block:
    return Block.of(np.ascontiguousarray(tensor.numpy(), np.float32))


def _figures(figures: Mapping[str, float]) -> dict[str, Any]:
    return {name: float(value) for name, value in figures.items()}
