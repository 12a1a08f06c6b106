"""The names of everything in a run folder, and which of them this version can read.

    <runs>/<id>/                  id = date-time + kind + data name + 4 random characters
      recipe.json                 resolved recipe, seeds, thread count, versions, machine, fingerprint of the data
      events.jsonl                one event a line, append-only, cut back to the snapshot's offset on resume
      control.jsonl               what people wish of the training while it runs, one wish a line
      trainer.log                 what a training in the background said, for when something went wrong
      previews/<images>.png       fixed-seed samples or reconstructions
      history/<images>.safetensors  the net as it was then, in half precision, with a sha256 of itself
      snapshots/<images>/         model, ema, optimizer .safetensors; state.json; manifest.json (sha256 of each)
      report.json                 last measurement
      directions.json             named directions of its latent space
      mixture.safetensors         of an autoencoder: the Gaussian mixture of its codes, fitted with the report
      inverter.safetensors/.json  of a GAN: the encoder that finds photos in its latent space, and what it was made of
      pictures/                   confusion matrix and answers, drawn from the report
      page/                       last published page
      export/                     last export as ONNX that was not put elsewhere: manifest.json and the files it names
      export.safetensors          the same as bare weights
      trainer.lock                held by the one process that trains; says nothing when nobody holds it

Whatever begins with `.tmp-` is work that was cut short: it is never read and is swept away.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from random import Random

from nonesuch.errors import RunError

SCHEMA_VERSION = 1
RECIPE = "recipe.json"
EVENTS = "events.jsonl"
CONTROL = "control.jsonl"
TRAINER_LOG = "trainer.log"
REPORT = "report.json"
MIXTURE = "mixture.safetensors"
DIRECTIONS = "directions.json"
INVERTER = "inverter"
PREVIEWS = "previews"
HISTORY = "history"
SNAPSHOTS = "snapshots"
PAGE = "page"
EXPORT = "export"
EXPORT_WEIGHTS = "export.safetensors"
PICTURES = "pictures"
LOCK = "trainer.lock"
STATE = "state.json"
MANIFEST = "manifest.json"
GROUPS = ("model", "ema", "optimizer")
TEMPORARY = ".tmp-"

_ID = re.compile(r"(\d{8}-\d{6})-([a-z]{2,12})-([a-z0-9]+(?:-[a-z0-9]+)*)-([a-z0-9]{4})", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_IMAGES = re.compile(r"\d{12}", re.ASCII)
_LONGEST_NAME = 100
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def new_id(kind: str, data: str, now: datetime, rng: Random) -> str:
    """A fresh run id, such as `20261123-143000-cnn-pixelfolk-k3x9`; ids sort by time.

    `kind` is 2 to 12 small letters; of `data` (any text) the ASCII letters and digits are kept, 40 at most.
    Raises ValueError on another kind.
    """
    plain = unicodedata.normalize("NFKD", data).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "data"
    run_id = f"{now:%Y%m%d-%H%M%S}-{kind}-{slug}-{''.join(rng.choices(_LETTERS, k=4))}"
    if not is_id(run_id):
        raise ValueError(f"a kind is 2 to 12 small letters, not {kind!r}")
    return run_id


def is_id(text: str) -> bool:
    """Whether `text` is an id as new_id makes them."""
    return len(text) <= _LONGEST_NAME and _ID.fullmatch(text) is not None


def split_id(text: str) -> tuple[str, str] | None:
    """The kind and the data name inside an id, or None when `text` is no id."""
    found = _ID.fullmatch(text) if len(text) <= _LONGEST_NAME else None
    return None if found is None else (found[2], found[3])


def is_name(text: str) -> bool:
    """Whether `text` can name a run folder: ids, and plain names that a person chose with `--run`; never a path."""
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None


def images_name(images_seen: int) -> str:
    """The name of a moment in training: images seen, in 12 digits so that names sort as numbers."""
    if not 0 <= images_seen < 10**12:
        raise ValueError(f"images seen must be from 0 to 10^12 - 1, not {images_seen}")
    return f"{images_seen:012d}"


def snapshots(run: Path) -> list[int]:
    """Images seen of every snapshot by name, oldest first; whether they are whole is not looked at."""
    return _numbered(run / SNAPSHOTS, "")


def previews(run: Path) -> list[int]:
    """Images seen of every preview, oldest first."""
    return _numbered(run / PREVIEWS, ".png")


def history(run: Path) -> list[int]:
    """Images seen of every frame of the run's history, oldest first; whether they are whole is not looked at."""
    return _numbered(run / HISTORY, ".safetensors")


def _numbered(folder: Path, ending: str) -> list[int]:
    if folder.is_symlink():
        return []
    try:
        names = [entry.name for entry in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    stems = (name.removesuffix(ending) for name in names if name.endswith(ending))
    return sorted(int(stem) for stem in stems if _IMAGES.fullmatch(stem))


def check_schema(document: Mapping[str, object], where: str) -> None:
    """Raises RunError unless `document` carries a schema version that this nonesuch can read."""
    found = document.get("schema_version")
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise RunError(f"{shown(where)}: its schema_version is {shown(repr(found))}, not a number from 1: damaged")
    if found > SCHEMA_VERSION:
        raise RunError(
            f"{shown(where)}: written by a newer nonesuch (schema {found}; this one reads up to {SCHEMA_VERSION}); "
            "update nonesuch to open it"
        )


def shown(text: object, most: int = 300) -> str:
    """A path or name from outside as one printable line of at most `most` characters."""
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text)[: most + 1])
    return line if len(line) <= most else line[: most - 3] + "..."
