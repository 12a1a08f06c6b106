"""A disk that forgets what was never synced: every call that changes it is noted, and played back up to a power cut.

    python tests/oracles/power_cuts.py FOLDER --draws 4

POSIX promises of a power cut only this: what was written to a file before its fsync is there, and the names in a
folder are those of its last fsync. Of all later writes and changed names any may be there and any may not, in any
order, and of a write a part. `Disk` draws such outcomes: "in order", as a journal keeps them, or "any order".

The script trains the tiny trainer, goes on, replaces a snapshot by a newer one of the same moment, and cuts the power
at every call: the newest snapshot that `save` had returned from, or a newer one, must load with its own weights, and
the log must hold every event up to it.
"""

import argparse
import json
import os
import random
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from nonesuch.errors import RunError
from nonesuch.runs import checkpoint, events_log
from nonesuch.runs.store import RunFolder, open_or_create
from oracles.tiny_trainer import BATCH, train, weights

Order = Literal["in order", "any order"]
ROOT = 0
RECIPE = {"kind": "cnn", "data": {"source": "bars"}}


@dataclass(frozen=True)
class Op:
    """One change. `node`: what is written, or what is given a name; `folder`: where that name is."""

    kind: Literal["name", "rename", "remove", "write", "truncate", "sync", "promise"]
    node: int = -1
    folder: int = -1
    name: str = ""
    old: str = ""
    start: int = 0
    data: bytes = b""


@dataclass
class Disk:
    """All changes below `base`, in order; nodes are numbered anew, as inodes are used again."""

    base: Path
    ops: list[Op] = field(default_factory=list)
    folders: set[int] = field(default_factory=lambda: {ROOT})
    numbers: dict[int, int] = field(default_factory=dict)

    def node(self, status: os.stat_result, fresh: bool = False) -> int:
        if fresh:
            self.numbers[status.st_ino] = max(self.numbers.values(), default=ROOT) + 1
        return self.numbers[status.st_ino]

    def played(self, keep: Callable[[int, Op], Op | None], upto: int) -> dict[str, bytes | None]:
        """The tree after the kept ones of the first `upto` changes: path -> bytes, None for a folder."""
        names: dict[int, dict[str, int]] = {}
        files: dict[int, bytearray] = {}
        for at, found in enumerate(self.ops[:upto]):
            op = keep(at, found)
            match op:
                case Op("name"):
                    names.setdefault(op.folder, {})[op.name] = op.node
                case Op("rename"):
                    names.setdefault(op.folder, {}).pop(op.old, None)
                    names[op.folder][op.name] = op.node
                case Op("remove"):
                    names.setdefault(op.folder, {}).pop(op.name, None)
                case Op("write"):
                    content = files.setdefault(op.node, bytearray())
                    content.extend(bytes(max(0, op.start - len(content))))
                    content[op.start : op.start + len(op.data)] = op.data
                case Op("truncate"):
                    content = files.setdefault(op.node, bytearray())
                    content[op.start :] = bytes(max(0, op.start - len(content)))
        return dict(self._below(ROOT, "", names, files))

    def _below(
        self, folder: int, path: str, names: dict[int, dict[str, int]], files: dict[int, bytearray]
    ) -> Iterator[tuple[str, bytes | None]]:
        for name, node in names.get(folder, {}).items():
            if node in self.folders:
                yield f"{path}{name}", None
                yield from self._below(node, f"{path}{name}/", names, files)
            else:
                yield f"{path}{name}", bytes(files.get(node, b""))

    def cut(self, upto: int, order: Order, rng: random.Random) -> dict[str, bytes | None]:
        """What may be there when the power goes after `upto` changes."""
        last_sync = {op.node: at for at, op in enumerate(self.ops[:upto]) if op.kind == "sync"}
        reached = rng.randint(0, upto)

        def keep(at: int, op: Op) -> Op | None:
            if at < last_sync.get(op.node if op.kind in ("write", "truncate") else op.folder, -1):
                return op
            lucky = at < reached if order == "in order" else rng.random() < 0.5
            if lucky and op.kind == "write" and rng.random() < 0.3:
                part = rng.randint(0, len(op.data))
                return Op("write", op.node, start=op.start, data=op.data[:part] + bytes(len(op.data) - part))
            return op if lucky else None

        return self.played(keep, upto)


@contextmanager
def noted(base: Path) -> Iterator[Disk]:
    """Note every change that the `os` module makes below `base`, which exists, until the end of the block."""
    disk = Disk(base, numbers={base.stat().st_ino: ROOT})
    real = {name: getattr(os, name) for name in _WATCHED}
    calls = _Calls(disk, real)
    for name in real:
        setattr(os, name, getattr(calls, name))
    try:
        yield disk
    finally:
        for name, function in real.items():
            setattr(os, name, function)


_WATCHED = ("open", "write", "pwrite", "fsync", "ftruncate", "mkdir", "rename", "replace", "unlink", "rmdir")


class _Calls:
    """Stand-ins for the calls of `os`: do it, then note it."""

    def __init__(self, disk: Disk, real: dict[str, Callable[..., Any]]) -> None:
        self.disk, self.real = disk, real

    def _folder(self, path: Any, dir_fd: int | None = None) -> int | None:
        """The number of the folder that holds `path`, or None outside of the disk."""
        status = os.fstat(dir_fd) if dir_fd is not None else Path(path).absolute().parent.stat()
        return self.disk.numbers.get(status.st_ino)

    def open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        there = flags & os.O_CREAT and os.path.lexists(path)
        file: int = self.real["open"](path, flags, mode, dir_fd=dir_fd)
        if flags & os.O_CREAT and not there and (folder := self._folder(path, dir_fd)) is not None:
            self.disk.ops.append(Op("name", self.disk.node(os.fstat(file), fresh=True), folder, Path(path).name))
        return file

    def write(self, file: int, data: Any) -> int:
        appends = stat.S_ISREG(os.fstat(file).st_mode)
        written: int = self.real["write"](file, data)
        if appends:
            self._wrote(file, os.lseek(file, 0, os.SEEK_CUR) - written, bytes(data[:written]))
        return written

    def pwrite(self, file: int, data: Any, start: int) -> int:
        written: int = self.real["pwrite"](file, data, start)
        self._wrote(file, start, bytes(data[:written]))
        return written

    def _wrote(self, file: int, start: int, data: bytes) -> None:
        if (node := self.disk.numbers.get(os.fstat(file).st_ino)) is not None:
            self.disk.ops.append(Op("write", node, start=start, data=data))

    def ftruncate(self, file: int, size: int) -> None:
        self.real["ftruncate"](file, size)
        if (node := self.disk.numbers.get(os.fstat(file).st_ino)) is not None:
            self.disk.ops.append(Op("truncate", node, start=size))

    def fsync(self, file: int) -> None:
        self.real["fsync"](file)
        if (node := self.disk.numbers.get(os.fstat(file).st_ino)) is not None:
            self.disk.ops.append(Op("sync", node))

    def mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        self.real["mkdir"](path, mode, dir_fd=dir_fd)
        if (folder := self._folder(path, dir_fd)) is not None:
            node = self.disk.node(Path(path).stat(), fresh=True)
            self.disk.folders.add(node)
            self.disk.ops.append(Op("name", node, folder, Path(path).name))

    def rename(self, old: Any, new: Any) -> None:
        folder = self._folder(new)
        assert folder == self._folder(old), "a rename from folder to folder is two changes"
        self.real["rename"](old, new)
        if folder is not None:
            node = self.disk.node(os.lstat(new))
            self.disk.ops.append(Op("rename", node, folder, Path(new).name, Path(old).name))

    replace = rename

    def unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        folder = self._folder(path, dir_fd)
        self.real["unlink"](path, dir_fd=dir_fd)
        if folder is not None:
            self.disk.ops.append(Op("remove", folder=folder, name=Path(path).name))

    def rmdir(self, path: Any, *, dir_fd: int | None = None) -> None:
        folder = self._folder(path, dir_fd)
        self.real["rmdir"](path, dir_fd=dir_fd)
        if folder is not None:
            self.disk.ops.append(Op("remove", folder=folder, name=Path(path).name))


def lay_out(tree: dict[str, bytes | None], folder: Path) -> None:
    """Make `folder` hold exactly this tree."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path, content in tree.items():
        if content is None:
            (folder / path).mkdir()
        else:
            (folder / path).write_bytes(content)


def story(base: Path) -> Disk:
    """Train, go on, replace a snapshot; every return from `save` is a promise, its `start` the images seen."""
    base.mkdir(parents=True)
    save = checkpoint.save

    def promising(run: Path, images_seen: int, *rest: Any, **named: Any) -> Path:
        path = save(run, images_seen, *rest, **named)
        disk.ops.append(Op("promise", start=images_seen))
        return path

    with noted(base) as disk:
        checkpoint.save = promising
        try:
            made = open_or_create(base / "runs" / "run")
            made.write_recipe(RECIPE)
            run = made.path
            train(run, 3 * BATCH)
            train(run, 5 * BATCH)
            newest = checkpoint.load(run, 5 * BATCH)
            checkpoint.save(run, newest.images_seen, newest.tensors, newest.state)
            train(run, 7 * BATCH)
        finally:
            checkpoint.save = save
    return disk


def survives(disk: Disk, upto: int, tree: dict[str, bytes | None], folder: Path) -> bool:
    """Whether the run goes on from no less than what was promised before the cut."""
    promised = max((op.start for op in disk.ops[:upto] if op.kind == "promise"), default=0)
    lay_out(tree, folder)
    run = folder / "runs" / "run"
    if not run.is_dir():
        return promised == 0
    checkpoint.recover(run)
    try:
        found = checkpoint.latest(run)
    except RunError:
        return False
    if found is None:
        return promised == 0
    offset = found.state["log"]
    assert isinstance(offset, int)
    seen = [record.event.get("images_seen") for record in events_log.read(run) if record.end <= offset]
    return (
        RunFolder(run).recipe().items() >= RECIPE.items()
        and found.images_seen >= promised
        and torch.equal(found.tensors["model"]["weight"], weights(found.images_seen))
        and seen == list(range(BATCH, found.images_seen + 1, BATCH))
    )


def real_tree(base: Path) -> dict[str, bytes | None]:
    """What truly lies below `base`, as Disk.played tells it."""
    return {
        str(path.relative_to(base)): None if path.is_dir() else path.read_bytes() for path in sorted(base.rglob("*"))
    }


def cuts(disk: Disk, draws: int, seed: int) -> Iterator[tuple[int, dict[str, bytes | None]]]:
    """(changes done, what is there) of `draws` outcomes of either order at every place."""
    rng = random.Random(seed)
    orders: tuple[Order, ...] = ("in order", "any order")
    for upto in range(len(disk.ops) + 1):
        for order in orders:
            for _ in range(draws):
                yield upto, disk.cut(upto, order, rng)


def main() -> int:
    """Exit code 0 when every cut is survived."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    disk = story(options.folder / "trained")
    assert disk.played(lambda _, op: op, len(disk.ops)) == real_tree(disk.base)
    passed = [
        survives(disk, upto, tree, options.folder / "cut") for upto, tree in cuts(disk, options.draws, options.seed)
    ]
    print(json.dumps({"changes": len(disk.ops), "cuts": len(passed), "survived": sum(passed), "seed": options.seed}))
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
