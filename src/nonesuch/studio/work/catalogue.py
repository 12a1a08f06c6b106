"""The kinds of long work by name: a name here, a file beside this one with `do`, its types in wire/."""

from collections.abc import Mapping

from nonesuch.studio.wire.data import PackingAsked
from nonesuch.studio.work import packing
from nonesuch.studio.work.desk import Work

WORKS: Mapping[str, Work] = {
    "packing": Work(PackingAsked, packing.do),
}
