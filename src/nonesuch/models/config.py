"""What all nets share: frozen options that go to JSON and back, the shape of a picture, the check of its size."""

from pydantic import BaseModel, ConfigDict

from nonesuch.errors import NetError

Shape = tuple[int, int, int]
"""One picture as (channels, height, width)."""


class NetConfig(BaseModel):
    """Base of every net's options."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def require_size(net: str, shape: Shape, smallest: int) -> None:
    """Raise NetError, naming the smallest size that works, when height or width is below it."""
    _, height, width = shape
    if min(height, width) < smallest:
        raise NetError(
            f"{net} cannot take pictures of {height}x{width}: the smallest size is {smallest}x{smallest}; "
            f"pack them with --size {smallest} or more"
        )
