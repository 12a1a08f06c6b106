"""Snapshots: everything that training needs to go on with the same bits, whole or not there at all.

A snapshot is made in a folder that no reader looks at, every file and the folder brought down to the disk, and then
renamed into place. Its manifest has size and sha256 of each file, and its own; nothing is parsed before it is proven.
No random generator is saved: random numbers are a function of the seed and of the images seen.
"""

import hashlib
import shutil
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nonesuch.errors import DivergedError, RunError
from nonesuch.runs import atomic, layout
from nonesuch.runs.layout import GROUPS, MANIFEST, SCHEMA_VERSION, SNAPSHOTS, STATE, shown
from nonesuch.runs.reading import parse_object, read_bytes
from nonesuch.runs.weights import from_bytes, to_bytes

_MOST_MANIFEST_BYTES = 1 << 16
_MOST_FILE_BYTES = 8 << 30
_REPLACED = layout.TEMPORARY + "replaced-"


@dataclass(frozen=True, slots=True)
class Damaged:
    """A snapshot that was passed over: its name, and the file and fault in it."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A proven snapshot: `tensors` by group ("model", "ema", ...) on the CPU; `damaged` are newer ones passed over."""

    path: Path
    images_seen: int
    tensors: dict[str, dict[str, Tensor]]
    state: dict[str, object]
    damaged: tuple[Damaged, ...] = ()


def save(
    run: Path,
    images_seen: int,
    tensors: Mapping[str, Mapping[str, Tensor]],
    state: Mapping[str, object],
    keep: int = 2,
    keep_also: Collection[int] = (),
) -> Path:
    """Store a snapshot, durable on return, then prune; the caller holds the run's lock.

    tensors: group -> name -> tensor; groups are "model" and, if wanted, "ema" and "optimizer". state: strict JSON.
    The newest `keep` snapshots stay, and those whose images seen are in `keep_also`. Snapshots from beyond
    `images_seen` were passed over as damaged when this run went on; they go.
    Raises DivergedError when a weight is not finite, MachineError when the disk refuses: in both cases the older
    snapshots are unharmed and this one is not there. ValueError for unknown groups or state that is no JSON.
    """
    if "model" not in tensors or not set(tensors) <= set(GROUPS) or keep < 1:
        raise ValueError(f"groups {sorted(tensors)}, keep {keep}: wanted 'model', of {GROUPS}, and at least 1")
    _check_finite(tensors, images_seen)
    files = {f"{group}.safetensors": to_bytes(named) for group, named in tensors.items()}
    files[STATE] = atomic.dumps({"schema_version": SCHEMA_VERSION, "images_seen": images_seen, "state": dict(state)})
    files[MANIFEST] = _manifest(images_seen, files)
    atomic.make_folder(run / SNAPSHOTS)
    path = run / SNAPSHOTS / layout.images_name(images_seen)
    try:
        _write(path, files)
    except OSError as error:
        raise atomic.explain(error, path) from None
    prune(run, images_seen, keep, keep_also)
    return path


def _check_finite(tensors: Mapping[str, Mapping[str, Tensor]], images_seen: int) -> None:
    for group in ("model", "ema"):
        for name, tensor in tensors.get(group, {}).items():
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                raise DivergedError(
                    f"{name} of the {group} holds NaN or infinity after {images_seen:,} images; nothing was saved, "
                    "the last good snapshot is kept; lower the learning rate"
                )


def _manifest(images_seen: int, files: Mapping[str, bytes]) -> bytes:
    listed = {name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    return _sealed({"schema_version": SCHEMA_VERSION, "images_seen": images_seen, "files": listed})


def _sealed(manifest: Mapping[str, object]) -> bytes:
    """The manifest's text with its own sha256 as last entry."""
    return atomic.dumps({**manifest, "sha256": hashlib.sha256(atomic.dumps(dict(manifest))).hexdigest()})


def _write(path: Path, files: Mapping[str, bytes]) -> None:
    beside = atomic.temporary(path)
    beside.mkdir(0o700)
    try:
        for name, data in files.items():
            atomic.write_new(beside / name, data)
        atomic.sync_folder(beside)
        _put_in_place(beside, path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _put_in_place(beside: Path, path: Path) -> None:
    # A folder cannot be renamed over another: an old one steps aside, and recover() knows its way back.
    aside = path.with_name(_REPLACED + path.name)
    with suppress(FileNotFoundError):
        path.rename(aside)
    try:
        beside.replace(path)
        atomic.sync_folder(path.parent)
    finally:
        _step_back(aside, path)


def _step_back(aside: Path, path: Path) -> None:
    """Drop the replaced snapshot when the new one is in place, or else put it back."""
    if path.exists():
        shutil.rmtree(aside, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):
            aside.rename(path)


def prune(run: Path, newest: int, keep: int, keep_also: Collection[int] = ()) -> None:
    """Remove every snapshot beyond `newest` and all but the last `keep` up to it, except those in `keep_also`."""
    names = layout.snapshots(run)
    kept = {*[images for images in names if images <= newest][-keep:], *keep_also}
    for images in names:
        if images not in kept:
            atomic.remove_folder(run / SNAPSHOTS / layout.images_name(images))


def recover(run: Path) -> None:
    """Clear away what a killed trainer left behind; for the holder of the run's lock, before anything is read."""
    folder = run / SNAPSHOTS
    if folder.is_dir() and not folder.is_symlink():
        for aside in folder.glob(_REPLACED + "*"):
            _step_back(aside, folder / aside.name.removeprefix(_REPLACED))
    for place in (run, folder, run / layout.PREVIEWS, run / layout.HISTORY):
        atomic.sweep(place)


def latest(run: Path, only: Collection[str] = GROUPS) -> Snapshot | None:
    """The newest whole snapshot of a run, or None when it has none yet. `only`: the groups to read, of those there.

    A damaged snapshot is passed over and named in `damaged`. Raises RunError when all of them are damaged, and
    when the newest was written by a newer nonesuch.
    """
    damaged: list[Damaged] = []
    for images in reversed(layout.snapshots(run)):
        found = _try_load(run, images, only, damaged)
        if found is not None:
            return found
    if damaged:
        faults = "; ".join(f"{one.name}: {one.reason}" for one in damaged[:3])
        raise RunError(f"{shown(run)}: every snapshot is damaged ({faults}); start a new run")
    return None


def number(snapshot: Snapshot, name: str) -> float:
    """A number of the snapshot's state. Raises RunError when a stranger's snapshot has none of that name."""
    match snapshot.state.get(name):
        case bool():
            pass
        case int() | float() as found:
            return found
    raise RunError(f"snapshot {shown(snapshot.path.name)}: its state has no number {name!r}; start a new run")


def load(run: Path, images_seen: int, only: Collection[str] = GROUPS) -> Snapshot:
    """One snapshot by its images seen. Raises RunError when it is missing, damaged or from a newer nonesuch."""
    damaged: list[Damaged] = []
    found = _try_load(run, images_seen, only, damaged)
    if found is None:
        raise RunError(f"{shown(run)}: snapshot {damaged[0].name} cannot be used: {damaged[0].reason}")
    return found


def _try_load(run: Path, images_seen: int, only: Collection[str], damaged: list[Damaged]) -> Snapshot | None:
    name = layout.images_name(images_seen)
    manifest = _read_manifest(run, name, damaged)
    if manifest is None:
        return None
    layout.check_schema(manifest, f"{run.name}/{SNAPSHOTS}/{name}")
    try:
        if manifest["images_seen"] != images_seen:
            raise ValueError("it speaks of another number of images")
        contents = _read_files(run, f"{SNAPSHOTS}/{name}", manifest, only)
        tensors = {file.removesuffix(".safetensors"): from_bytes(contents[file]) for file in contents if file != STATE}
        state = parse_object(contents[STATE])["state"]
        if not isinstance(state, dict):
            raise ValueError(f"{STATE} holds no state")
    except (ValueError, KeyError, RunError) as error:
        damaged.append(Damaged(name, shown(error)))
        return None
    return Snapshot(run / SNAPSHOTS / name, images_seen, tensors, state, tuple(damaged))


def _read_manifest(run: Path, name: str, damaged: list[Damaged]) -> dict[str, object] | None:
    try:
        raw = read_bytes(run, f"{SNAPSHOTS}/{name}/{MANIFEST}", _MOST_MANIFEST_BYTES)
        manifest = parse_object(raw)
        manifest.pop("sha256", None)
        if _sealed(manifest) != raw:
            raise ValueError("its own checksum is wrong")
        return manifest
    except FileNotFoundError:
        damaged.append(Damaged(name, f"{MANIFEST} is missing"))
    except (ValueError, RunError) as error:
        damaged.append(Damaged(name, f"{MANIFEST}: {shown(error)}"))
    return None


def _read_files(run: Path, place: str, manifest: Mapping[str, object], only: Collection[str]) -> dict[str, bytes]:
    """The bytes of state.json and of the groups in `only`, each proven by size and sha256. ValueError, RunError."""
    listed = manifest["files"]
    names = [f"{group}.safetensors" for group in GROUPS]
    if not isinstance(listed, dict) or not {STATE, names[0]} <= set(listed) <= {STATE, *names}:
        raise ValueError(f"{MANIFEST} lists other files than a snapshot has")
    wanted = {STATE, *(f"{group}.safetensors" for group in only)}
    return {name: _proven(run, place, name, listed[name]) for name in listed if name in wanted}


def _proven(run: Path, place: str, name: str, entry: object) -> bytes:
    match entry:
        case {"bytes": int(size), "sha256": str(digest)} if 0 <= size <= _MOST_FILE_BYTES:
            pass
        case _:
            raise ValueError(f"{MANIFEST} says nothing usable about {name}")
    try:
        data = read_bytes(run, f"{place}/{name}", size)
    except FileNotFoundError:
        raise ValueError(f"{name} is missing") from None
    if len(data) != size:
        raise ValueError(f"{name} has {len(data):,} bytes instead of {size:,}")
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(f"{name} does not match its checksum")
    return data
