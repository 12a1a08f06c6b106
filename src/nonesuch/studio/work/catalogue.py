"""The kinds of long work by name: a name here, a file beside this one with `do`, its types in wire/."""

from collections.abc import Mapping

from nonesuch.studio.wire.data import PackingAsked
from nonesuch.studio.wire.latent import (
    CloudAsked,
    DirectionsAsked,
    FilmAsked,
    InversionAsked,
    LikelihoodAsked,
    PadAsked,
)
from nonesuch.studio.work import cloud, directions, film, inversion, likelihood, packing, pad
from nonesuch.studio.work.desk import Work

WORKS: Mapping[str, Work] = {
    "packing": Work(PackingAsked, packing.do),
    "directions": Work(DirectionsAsked, directions.do),
    "inversion": Work(InversionAsked, inversion.do),
    "likelihood": Work(LikelihoodAsked, likelihood.do),
    "film": Work(FilmAsked, film.do),
    "pad": Work(PadAsked, pad.do),
    "cloud": Work(CloudAsked, cloud.do),
}
