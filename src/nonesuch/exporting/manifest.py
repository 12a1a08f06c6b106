"""manifest.json of an exported folder: all that a program must know to use the files beside it.

Schema: contracts/manifest.schema.json, written by tools/write_contracts.py.
"""

import json
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from nonesuch.exporting.precision import Precision
from nonesuch.models.likelihood import Likelihood
from nonesuch.recipe import Kind
from nonesuch.training.classify import Views

NAME = "manifest.json"
GraphName = Literal["draw", "encode", "answer", "explain"]
GRAPH_NAMES: tuple[GraphName, ...] = ("draw", "encode", "answer", "explain")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Difference(_Part):
    """Between torch in float32 and this file, of the graph's first output: pictures in [-1, 1], logits as they are."""

    mean: FiniteFloat = Field(ge=0)
    most: FiniteFloat = Field(ge=0)


class File(_Part):
    """A file beside the manifest."""

    file: str = Field(pattern=r"^[a-z0-9]+(\.[a-z0-9]+)*\.onnx$")
    bytes: int = Field(ge=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    difference: Difference


class GraphEntry(_Part):
    """Shapes of inputs and outputs by name; null stands for any number of pictures. `files` by precision."""

    inputs: Mapping[str, tuple[int | None, ...]]
    outputs: Mapping[str, tuple[int | None, ...]]
    files: Mapping[Precision, File]


class PictureShape(_Part):
    """Pixels lie in [-1, 1]; as a byte: round((x + 1) * 127.5), kept within 0 to 255."""

    channels: Literal[1, 3, 4]
    height: int = Field(ge=1)
    width: int = Field(ge=1)


class Latent(_Part):
    """The size of z."""

    size: int = Field(ge=1)


class Prior(_Part):
    """A Gaussian mixture of an autoencoder's codes: covariances are factor times its transpose, lower triangular.

    z of a seed: the component whose share of the cumulated weights holds Phi(normal(seed, 1, stream 1)), then
    mean + factor @ normal(seed, size).
    """

    weights: tuple[FiniteFloat, ...]
    means: tuple[tuple[FiniteFloat, ...], ...]
    factors: tuple[tuple[tuple[FiniteFloat, ...], ...], ...]


class LikelihoodEntry(_Part):
    """What p(x|z) is, of `decoded`; log_noise: log standard deviation or log scale, already clamped."""

    kind: Likelihood
    log_noise: FiniteFloat
    binarise: bool


class Filters(_Part):
    """The first convolution's weights, (maps, channels, height, width), in the order of memory: input `filters`."""

    layer: str
    shape: tuple[int, int, int, int]
    values: tuple[FiniteFloat, ...]


class LayerEntry(_Part):
    """An output of `answer` that is a layer's maps, (channels, height, width)."""

    output: str
    name: str
    shape: tuple[int, int, int]


class DirectionEntry(_Part):
    """A step of 1 along it adds sigma times the vector to z."""

    name: str = Field(min_length=1, max_length=80)
    method: str
    vector: tuple[FiniteFloat, ...]
    sigma: FiniteFloat = Field(ge=0)


class Manifest(_Part):
    """The whole file. `views`: of a classifier, the views of a picture whose logits `nonesuch predict` averages."""

    schema_version: Literal[1] = 1
    made_by: str
    kind: Kind
    net: str
    data: str
    images_seen: int = Field(ge=0)
    picture: PictureShape
    fit: Literal["crop", "pad", "stretch"]
    latent: Latent | None
    prior: Prior | None
    classes: tuple[str, ...]
    likelihood: LikelihoodEntry | None
    graphs: Mapping[GraphName, GraphEntry]
    filters: Filters | None
    views: Views | None
    layers: tuple[LayerEntry, ...]
    directions: tuple[DirectionEntry, ...]


def to_bytes(manifest: Manifest) -> bytes:
    """Strict JSON, one line for each key: long rows of numbers, seven digits each, are not for reading."""
    lines = [f"{json.dumps(key)}: {_compact(value)}" for key, value in manifest.model_dump(mode="json").items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _compact(value: object) -> str:
    return json.dumps(_short(value), allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _short(value: object) -> object:
    """Float32 has seven digits, and no number here has more to say."""
    match value:
        case float():
            return int(value) if value == int(value) and abs(value) < 1e7 else float(f"{value:.8g}")
        case list():
            return [_short(each) for each in value]
        case dict():
            return {key: _short(each) for key, each in value.items()}
        case _:
            return value
