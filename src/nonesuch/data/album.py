"""A folder of pictures that a person edits: classes made, renamed and switched off; pictures put in, moved, taken out.

    root/cat/1f0e...9a.png     a class is a sub-folder; what is put in is named by its own content
    root/.nonesuch.json        settings of the data set: {"schema": 1, "off": ["cat"]}
    root/.removed/cat/...      what was taken out; nothing here is ever deleted by us

No source reads names that begin with a dot, so that neither counts as pictures. A class that is switched off stays in
the pack: a recipe leaves it out (`data.without`), and says so.
"""

import hashlib
import json
import os
import secrets
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from nonesuch.data.items import is_ignored, is_side_file, printable
from nonesuch.data.labels import SPLITS, TABLES, split_folders
from nonesuch.errors import DataError

SETTINGS, REMOVED = ".nonesuch.json", ".removed"
SCHEMA = 1
MOST_SETTINGS_BYTES = 1 << 20
LONGEST_NAME, MOST_NAME_BYTES = 60, 200
MOST_CLASSES = 1000

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".zip", ".npz")
_FORBIDDEN = frozenset('/\\:*?"<>|')
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


class Album:
    """The pictures below one folder. Raises DataError for what is no plain folder of class folders.

    Only what lies in the folder itself is touched: links are neither followed nor changed.
    """

    def __init__(self, root: Path) -> None:
        if root.is_symlink() or not root.is_dir():
            raise DataError(f"{printable(root.name)} is no folder of pictures")
        self.root = root

    def classes(self) -> list[str]:
        """The names of the class folders, in natural alphabetical order."""
        with os.scandir(self.root) as entries:
            found = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        return sorted(name for name in found if not is_ignored(name))

    def count(self) -> int:
        """Pictures in it, as far as names tell."""
        return sum(1 for name in self.classes() for _ in _files(self.root / name))

    def count_of(self, label: str) -> int:
        """Pictures in a class. Raises DataError for a class that there is not."""
        return sum(1 for _ in _files(self._class(label)))

    def objection(self) -> str:
        """Why this folder cannot be edited by classes; empty when it can."""
        if split_folders(set(self.classes())):
            return "it is laid out in train and test folders; edit it in your file manager"
        if any((self.root / table).exists() for table in TABLES):
            return "its labels come from a table; edit that table"
        return ""

    def add_class(self, name: str) -> str:
        """Make an empty class; returns its name as it is kept. Raises DataError for a name that cannot be, or is."""
        self._check()
        known = self.classes()
        label = folder_name(name, "class")
        for other in known:
            # Some disks do not tell large letters from small ones.
            if other.casefold() == label.casefold():
                raise DataError(f"there is a class {printable(other)!r} already")
        if len(known) >= MOST_CLASSES:
            raise DataError(f"a data set has at most {MOST_CLASSES:,} classes here")
        (self.root / label).mkdir(0o755)
        return label

    def put(self, label: str, data: bytes, ending: str = ".png") -> tuple[str, bool]:
        """Put the bytes of a picture into a class: its name below the root, and whether it is new there.

        The name is made from the content: the same picture given twice to a class is kept once. Raises DataError.
        """
        self._check()
        folder = self._class(label)
        path = folder / f"{hashlib.sha256(data).hexdigest()[:32]}{ending}"
        new = not path.exists()
        if new:
            _write(path, data)
        return f"{label}/{path.name}", new

    def rename_class(self, label: str, to: str) -> str:
        """Give a class another name; returns it as it is kept. Raises DataError."""
        old, new = self._class(label), folder_name(to, "class")
        self._check()
        if new == label:
            return new
        if any(other.casefold() == new.casefold() for other in self.classes() if other != label):
            raise DataError(f"there is a class {new!r} already; move the pictures there instead")
        off = self.off()
        old.rename(self.root / new)
        if label in off:
            self._set_off([new if name == label else name for name in off])
        return new

    def move(self, names: Sequence[str], to: str) -> int:
        """Move pictures, by their names below the root, into a class; returns how many. Raises DataError."""
        self._check()
        folder = self._class(to)
        paths = [self._file(name) for name in names]
        return sum(_moved(path, folder) for path in paths if path.parent != folder)

    def remove(self, names: Sequence[str]) -> int:
        """Take pictures out, into .removed/ below the same class; returns how many. Raises DataError."""
        self._check()
        paths = [self._file(name) for name in names]
        return sum(_moved(path, self._removed(path)) for path in paths)

    def remove_class(self, label: str) -> int:
        """Take a class out with all its pictures; returns how many. Raises DataError."""
        self._check()
        folder = self._class(label)
        count = sum(_moved(path, self._removed(path)) for path in list(_files(folder)))
        self.switch(label, off=False)
        try:
            folder.rmdir()
        except OSError:
            raise DataError(f"{printable(label)!r} also holds other files, which were left where they are") from None
        return count

    def put_back(self) -> int:
        """Put everything that was taken out back into its class; returns how many pictures. Raises DataError."""
        self._check()
        count = 0
        for folder in _folders(self.root / REMOVED):
            home = self.root / folder.name
            if home.is_symlink() or (home.exists() and not home.is_dir()):
                raise DataError(f"{printable(folder.name)} is a link or a file; a class is a folder")
            home.mkdir(0o755, exist_ok=True)
            count += sum(_moved(path, home) for path in list(_files(folder)))
            _remove_if_empty(folder)
        _remove_if_empty(self.root / REMOVED)
        return count

    def removed(self) -> int:
        """How many pictures lie in .removed/."""
        return sum(1 for folder in _folders(self.root / REMOVED) for _ in _files(folder))

    def off(self) -> tuple[str, ...]:
        """The classes that are switched off. Raises DataError when the settings are damaged."""
        return off_classes(self.root)

    def switch(self, label: str, off: bool) -> None:
        """Switch a class off, or on again. Raises DataError for a class that there is not."""
        self._class(label)
        before = self.off()
        self._set_off([name for name in before if name != label] + ([label] if off else []))

    def _set_off(self, names: Sequence[str]) -> None:
        record = {"schema": SCHEMA, "off": sorted(set(names))}
        _write(self.root / SETTINGS, (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode())

    def _check(self) -> None:
        if objection := self.objection():
            raise DataError(f"{printable(self.root.name)} cannot be changed here: {objection}")

    def _class(self, label: str) -> Path:
        if label not in self.classes():
            raise DataError(f"there is no class {printable(label)!r}; there are {', '.join(self.classes()) or 'none'}")
        return self.root / label

    def _file(self, name: str) -> Path:
        """A picture by its name below the root: a plain file, with no link on the way to it."""
        parts = name.split("/")
        path = self.root.joinpath(*parts)
        plain = len(parts) >= 2 and not any(is_ignored(part) or part == "" for part in parts)
        if not plain or "\0" in name or os.path.realpath(path) != f"{os.path.realpath(self.root)}/{name}":
            raise DataError(f"{printable(name)} cannot be changed here: only plain files in class folders can")
        if not path.is_file():
            raise DataError(f"{printable(name)} is no longer there; look again")
        return path

    def _removed(self, path: Path) -> Path:
        label = path.relative_to(self.root).parts[0]
        folder = self.root / REMOVED / label
        for each in (folder.parent, folder):
            if each.is_symlink():
                raise DataError(f"{REMOVED} is a link; it holds what is taken out, and has to be a folder")
            each.mkdir(0o755, exist_ok=True)
        return folder


def new_album(root: Path, name: str) -> Album:
    """An empty data set of this name beside the others in `root`. Raises DataError for a name that cannot be, or is."""
    folder = root / folder_name(name, "data set")
    root.mkdir(parents=True, exist_ok=True)
    with os.scandir(root) as entries:
        if any(entry.name.casefold() == folder.name.casefold() for entry in entries):
            raise DataError(f"there is a data set {folder.name!r} already; choose another name")
    folder.mkdir(0o755)
    return Album(folder)


def off_classes(where: str | Path) -> tuple[str, ...]:
    """The classes that are switched off in a folder of pictures; () for any other source. Raises DataError."""
    path = Path(where).expanduser() / SETTINGS
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return ()
    try:
        found = json.loads(os.read(file, MOST_SETTINGS_BYTES))
        if found["schema"] > SCHEMA:
            raise DataError(f"{printable(str(path))} was written by a newer version of nonesuch")
        names = found["off"]
        if not all(isinstance(name, str) for name in names):
            raise TypeError("names are texts")
        return tuple(names)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise DataError(f"{printable(str(path))} is damaged; delete it to switch all classes on") from None
    finally:
        os.close(file)


def folder_name(text: str, what: str) -> str:
    """A name a person typed, as it can be a folder's on any disk. Raises DataError with the reason where it cannot."""
    name = unicodedata.normalize("NFC", text).strip()
    reason = ""
    if not name:
        reason = "it is empty"
    elif len(name) > LONGEST_NAME or len(name.encode("utf-8", "surrogatepass")) > MOST_NAME_BYTES:
        reason = f"it is longer than {LONGEST_NAME} letters"
    elif not name.isprintable():
        reason = "there are signs in it that cannot be seen"
    elif bad := sorted(set(name) & _FORBIDDEN):
        reason = f"there is {' '.join(bad)} in it"
    elif name[0] in ".~-" or name[-1] == ".":
        reason = "it begins or ends with a sign that folders of that kind do not have"
    elif name.lower().endswith(_PICTURES) or is_ignored(name) or name in TABLES:
        reason = "it looks like the name of a file"
    elif name.lower() in SPLITS or name.partition(".")[0].lower() in _DEVICES:
        reason = "folders of that name have a meaning of their own"
    if reason:
        raise DataError(f"{printable(text)[:80]!r} cannot be the name of a {what}: {reason}")
    return name


def _files(folder: Path) -> Iterator[Path]:
    """The plain files below a folder that may be pictures."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if is_ignored(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            elif entry.is_file(follow_symlinks=False) and not is_side_file(entry.name):
                yield Path(entry.path)


def _folders(folder: Path) -> list[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())


def _moved(path: Path, folder: Path) -> int:
    """Move a file into a folder under a name that is free there; never over another file. Returns 1."""
    number, target = 1, folder / path.name
    while True:
        try:
            # The name is taken first: a rename alone would replace what lies there.
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644))
            break
        except FileExistsError:
            number += 1
            target = folder / f"{path.stem[:200]}-{number}{path.suffix}"
    path.replace(target)
    return 1


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # where there is more in it than pictures, it stays
        folder.rmdir()


def _write(path: Path, data: bytes) -> None:
    """Replace a file as a whole, down to the disk."""
    beside = path.with_name(f".tmp-{secrets.token_hex(8)}")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
