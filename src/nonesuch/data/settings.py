"""Settings typed by a person, checked against what packing knows."""

from typing import cast, get_args

from nonesuch.data.pack import Channels, Fit
from nonesuch.errors import RecipeError


def known_channels(found: int | None) -> Channels | None:
    """The number of channels, or None for "as the pictures are". Raises RecipeError for another number."""
    if found is not None and found not in get_args(Channels):
        raise RecipeError(f"channels must be 1 (grey), 3 (colour) or 4 (with alpha), found {found}")
    return cast(Channels | None, found)


def known_fit(found: str) -> Fit:
    """How pictures are made to fit. Raises RecipeError for an unknown way."""
    if found not in get_args(Fit):
        raise RecipeError(f"fit must be one of {', '.join(get_args(Fit))}; found {found!r}")
    return cast(Fit, found)
