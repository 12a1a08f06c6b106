"""Packs a data set, so that everything after it opens in milliseconds; and finds what is in it twice."""

from nonesuch.data.settings import known_channels
from nonesuch.studio.wire.data import PackingAsked, PackingDone
from nonesuch.studio.work.desk import Desk


def do(asked: PackingAsked, desk: Desk) -> PackingDone:
    """Pack; raises DataError when no picture can be used."""
    from nonesuch.data import split
    from nonesuch.data.open import open_data
    from nonesuch.evaluation.copies import copies

    source, channels = desk.places.source(asked.data), known_channels(asked.channels)
    pack = open_data(source, asked.size, channels, asked.fit, lambda done, total: desk.say(done, total, "pictures"))
    copies(pack, split.assign(pack.hashes, pack.given_split))
    height, width, found = pack.spec.shape
    return PackingDone(pictures=len(pack), rejects=len(pack.rejects), height=height, width=width, channels=found)
