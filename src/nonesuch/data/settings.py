"""How pictures are made alike: the choices there are, and the check of what a person typed."""

from typing import Literal, TypeAlias, cast, get_args

from nonesuch.errors import RecipeError

Fit: TypeAlias = Literal["crop", "pad", "stretch"]
Channels: TypeAlias = Literal[1, 3, 4]


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
