"""The kinds of long work by name: a name here, a file beside this one with `do`, its types in wire/."""

from collections.abc import Mapping

from nonesuch.studio.wire.data import PackingAsked
from nonesuch.studio.wire.data_tasks import CopyingAsked, ImportingAsked, MappingAsked
from nonesuch.studio.wire.kernels import LessonAsked
from nonesuch.studio.wire.latent import (
    CloudAsked,
    DirectionsAsked,
    FilmAsked,
    InversionAsked,
    LikelihoodAsked,
    PadAsked,
)
from nonesuch.studio.wire.network_tasks import CropsAsked, DreamsAsked, RankingAsked, TemplatesAsked, TrustAsked
from nonesuch.studio.wire.train import Plan
from nonesuch.studio.work import (
    beginning,
    cloud,
    copying,
    crops,
    directions,
    dreams,
    expecting,
    film,
    importing,
    inversion,
    lesson,
    likelihood,
    mapping,
    packing,
    pad,
    ranking,
    templates,
    trust,
)
from nonesuch.studio.work.desk import Work

WORKS: Mapping[str, Work] = {
    "lesson": Work(LessonAsked, lesson.do),
    "packing": Work(PackingAsked, packing.do),
    "expecting": Work(Plan, expecting.do),
    "beginning": Work(Plan, beginning.do),
    "mapping": Work(MappingAsked, mapping.do),
    "importing": Work(ImportingAsked, importing.do),
    "copying": Work(CopyingAsked, copying.do),
    "directions": Work(DirectionsAsked, directions.do),
    "inversion": Work(InversionAsked, inversion.do),
    "likelihood": Work(LikelihoodAsked, likelihood.do),
    "film": Work(FilmAsked, film.do),
    "pad": Work(PadAsked, pad.do),
    "cloud": Work(CloudAsked, cloud.do),
    "crops": Work(CropsAsked, crops.do),
    "dreams": Work(DreamsAsked, dreams.do),
    "templates": Work(TemplatesAsked, templates.do),
    "ranking": Work(RankingAsked, ranking.do),
    "trust": Work(TrustAsked, trust.do),
}
