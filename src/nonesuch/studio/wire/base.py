"""What all request and answer types share: strict models, ids that are never paths, blocks of numbers, figures."""

import base64
import math
import re
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32] | NDArray[np.uint8]

MOST_WHOLE = 2**53 - 1
"""The largest whole number that JavaScript keeps exactly."""

_RUN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_DATA = r"[^\x00-\x1f\x7f/\\:.][^\x00-\x1f\x7f/\\:]{0,99}"
_PICTURE = (
    rf"^(?:upload:[0-9a-f]{{32}}|data:{_DATA}:[0-9]{{1,12}}"
    rf"|run:{_RUN}:(?:train|val|test):[0-9]{{1,12}}|seed:{_RUN}:[0-9]{{1,16}})$"
)


class Wire(BaseModel):
    """Base of all that is asked and answered: no guessing of types, no unknown fields, no NaN and no Infinity in."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Figure = Annotated[float | None, BeforeValidator(_finite)]
"""A number in an answer: one that is not finite goes out as null, as JSON knows no NaN."""

Whole = Annotated[int, Field(ge=0, le=MOST_WHOLE)]
Seed = Whole
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=200)]
"""A short text that a person typed: one line, no control characters."""

RunId = Annotated[str, StringConstraints(pattern=rf"^{_RUN}$")]
DataId = Annotated[str, StringConstraints(pattern=rf"^{_DATA}$")]
"""A named data set, a folder under the data root, or a place that was given on the command line: by its name."""
PictureId = Annotated[str, StringConstraints(pattern=_PICTURE, max_length=240)]
"""`upload:HEX`, `data:NAME:ROW`, `run:ID:SPLIT:ROW` or `seed:ID:SEED`."""
TaskId = Annotated[str, StringConstraints(pattern=r"^[0-9]{8}-[0-9]{6}-[a-z]{2,20}-[0-9a-f]{8}$")]
FILE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,60}\.(?:png|gif|mp4|json|acf|zip|html)$"
FileName = Annotated[str, StringConstraints(pattern=FILE_PATTERN)]
Split = Literal["train", "val", "test"]


class Block(Wire):
    """An array as it lies in memory: little-endian, the last index fastest, in base64."""

    shape: list[Whole]
    dtype: Literal["float32", "uint8"]
    data: str

    @classmethod
    def of(cls, array: "Array") -> Self:
        """Of a uint8 array, or of any array of numbers as float32."""
        # Here and not above: the first page waits for whatever this file imports.
        import numpy as np

        kind: Literal["float32", "uint8"] = "uint8" if array.dtype == np.uint8 else "float32"
        raw = np.ascontiguousarray(array, "u1" if kind == "uint8" else "<f4")
        return cls(shape=list(array.shape), dtype=kind, data=base64.b64encode(raw.tobytes()).decode())

    def array(self) -> "Array":
        """The array back. Raises ValueError when the bytes do not fill the shape, or a number is not finite."""
        import numpy as np

        raw = np.frombuffer(base64.b64decode(self.data, validate=True), "u1" if self.dtype == "uint8" else "<f4")
        if not np.isfinite(raw).all():
            raise ValueError("a block holds finite numbers only")
        found: Array = raw.reshape(self.shape)
        return found


class Trouble(Wire):
    """What went wrong: the kind, for programs, and one line for a person."""

    kind: str
    message: str


class Problem(Wire):
    """The one shape of every error."""

    error: Trouble


def parts_of(picture: str) -> tuple[str, ...]:
    """("upload", hex), ("data", name, row), ("run", id, split, row) or ("seed", id, seed). Raises ValueError."""
    if len(picture) > 240 or re.fullmatch(_PICTURE[1:-1], picture) is None:
        raise ValueError("a picture is upload:HEX, data:NAME:ROW, run:ID:SPLIT:ROW or seed:ID:SEED")
    return tuple(picture.split(":"))
