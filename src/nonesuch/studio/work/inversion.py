"""Finds a picture in a run's latent space: the encoder's answer, and the one refined from there."""

from typing import TYPE_CHECKING

from nonesuch.studio.wire.base import Block
from nonesuch.studio.wire.latent import Closeness, InversionAsked, InversionDone
from nonesuch.studio.work.desk import Desk

if TYPE_CHECKING:
    from nonesuch.evaluation.inversion import Inversion, Inverting, Places

IN_STRIP = 9
SHOWN_SIDE = 96


def do(asked: InversionAsked, desk: Desk) -> InversionDone:
    """Invert; raises RunError for a classifier, DataError for a picture that cannot be had or whose data are gone."""
    from nonesuch.evaluation.inversion import Inverting
    from nonesuch.evaluation.run import Run
    from nonesuch.studio.pictures import pixels_in
    from nonesuch.studio.walking import fitted

    run = Run(desk.places.run(asked.run))
    photo = fitted(run, pixels_in(desk.places, asked.picture, lambda name: Run(desk.places.run(name))))

    def training(done: int, total: int) -> None:
        desk.say(done, total, "pictures: this net's encoder is being trained, once")

    desk.say(0, 0, "opening the net and its encoder")
    inverting = Inverting(run, heard=training)
    desk.say(0, asked.steps, "steps towards the picture")
    found = inverting.invert(
        photo, asked.steps, heard=lambda done, total: desk.say(done, total, "steps towards the picture")
    )
    shown = _pictures(desk, inverting, found)
    return InversionDone(
        run=asked.run,
        encoded=Block.of(found.encoded.z[0].numpy()),
        refined=Block.of(found.refined.z[0].numpy()),
        encoded_class=_class(found.encoded, run.classes),
        refined_class=_class(found.refined, run.classes),
        start=found.start[0],
        close=[
            Closeness(of=name, psnr=float(close.psnr[0]), unlike=float(close.unlike[0]))
            for name, close in found.close.items()
        ],
        losses=found.way.losses[:, 0, int(found.way.chosen[0])].tolist(),
        shown=shown,
    )


def _class(places: "Places", classes: tuple[str, ...]) -> str | None:
    return None if places.classes is None else classes[int(places.classes[0])]


def _pictures(desk: Desk, inverting: "Inverting", found: "Inversion") -> list[int]:
    """Write the files; the steps that the strip shows."""
    import torch

    from nonesuch.evaluation.inversion import Places
    from nonesuch.pixels import enlarge, grid, png_bytes

    scale = max(1, SHOWN_SIDE // max(found.photos.shape[1:3]))
    path = found.way.path[:, 0]
    steps = torch.linspace(0, len(path) - 1, min(IN_STRIP, len(path))).round().long()
    classes = found.refined.classes
    way = Places(path[steps], None if classes is None else classes.expand(len(steps)))
    files = {
        "photo": found.photos[0],
        "encoder": inverting.draw(found.encoded)[0],
        "refined": inverting.draw(found.refined)[0],
        "nearest": found.nearest[0],
    }
    for name, pixels in files.items():
        desk.write(f"{name}.png", png_bytes(enlarge(pixels, scale)))
    desk.write("strip.png", png_bytes(grid(inverting.draw(way), columns=len(steps), gap=1, scale=scale)))
    return steps.tolist()
