"""directions.json of a run folder: named directions of its latent space, as plain numbers that any program can read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from nonesuch.errors import RunError
from nonesuch.runs import atomic, layout, reading

FILE = layout.DIRECTIONS


class KeptDirection(BaseModel):
    """`vector` has length 1, one number for each dimension of z; a step of 1 adds sigma times the vector to z."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    method: Literal["codes", "weights", "activations", "random", "mean", "logistic"]
    vector: tuple[FiniteFloat, ...] = Field(min_length=1, max_length=65536)
    sigma: FiniteFloat = Field(ge=0)
    share: FiniteFloat | None = None


class _File(BaseModel):
    """`weights`: of the net that they were found in, the first 12 hex digits of its SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    weights: str = Field(pattern="^[0-9a-f]{12}$")
    directions: tuple[KeptDirection, ...] = Field(max_length=1000)


def read(run: Path, weights: str, latent: int, name: str = FILE) -> tuple[KeptDirection, ...]:
    """The directions kept in a run's folder, or in another folder's file of this form; none where there is no file.

    Raises RunError for a damaged file, and for directions found in a net with other weights or another latent size.
    """
    try:
        found = _File.model_validate(reading.read_json(run, name))
    except FileNotFoundError:
        return ()
    except ValidationError as error:
        first = error.errors()[0]
        where = layout.shown(".".join(map(str, first["loc"])), 60)
        raise RunError(f"{layout.shown(run / name)} is damaged at {where}: {first['msg']}") from None
    if found.weights != weights or any(len(each.vector) != latent for each in found.directions):
        raise RunError(
            f"{layout.shown(run / name)} belongs to another state of this net, which has been trained on since: "
            "remove it and find directions anew with `nonesuch directions`"
        )
    return found.directions


def write(run: Path, weights: str, directions: Sequence[KeptDirection]) -> None:
    """Replace the file. Raises MachineError when the disk does not take it."""
    atomic.write_json(run / FILE, _File(weights=weights, directions=tuple(directions)).model_dump(mode="json"))
