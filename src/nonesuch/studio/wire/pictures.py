"""What is said of pictures that a person gave."""

from nonesuch.studio.wire.base import PictureId, Whole, Wire


class KeptPicture(Wire):
    """A picture that the studio now has: its id, and its size after decoding."""

    id: PictureId
    height: Whole
    width: Whole
    channels: Whole
