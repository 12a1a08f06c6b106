"""What ids mean on this machine: names from the network are looked up among what is there, and never become paths."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nonesuch.errors import DataError, RunError
from nonesuch.runs.layout import shown
from nonesuch.runs.store import RunFolder, Store
from nonesuch.studio.errors import MissingError


@dataclass(frozen=True)
class Places:
    """Where the studio looks. All are given when it starts; nothing that comes later adds to them.

    runs: the folder of runs.      data: the folder whose sub-folders are data sets.
    given: further data sets by name, as typed on the command line.      cache: everything here can be made again.
    """

    runs: Path
    data: Path
    given: Mapping[str, Path]
    cache: Path

    def run(self, run_id: str) -> RunFolder:
        """A run by its id. Raises MissingError."""
        return found_run(Store(self.runs), run_id)

    def data_sets(self) -> dict[str, str | Path]:
        """Every data set by its id: the named ones, folders under the data root, those of the command line."""
        from nonesuch.data.builtin import NAMES

        sets: dict[str, str | Path] = {name: name for name in NAMES}
        sets.update((name, self.data / name) for name in self._folders() if name not in sets)
        return {**sets, **self.given}

    def source(self, data_id: str) -> str | Path:
        """What `open_data` takes for this id. Raises MissingError."""
        found = self.data_sets().get(data_id)
        if found is None:
            raise MissingError(f"no data set is called {shown(data_id, 80)!r}")
        return found

    def _folders(self) -> list[str]:
        try:
            with os.scandir(self.data) as entries:
                # A link may lead anywhere; only what lies here is offered.
                return sorted(one.name for one in entries if one.is_dir(follow_symlinks=False) and is_data_id(one.name))
        except OSError:
            return []

    def to_json(self) -> dict[str, object]:
        """For a child process: the same places."""
        given = {name: str(path) for name, path in self.given.items()}
        return {"runs": str(self.runs), "data": str(self.data), "given": given, "cache": str(self.cache)}

    @classmethod
    def from_json(cls, record: Mapping[str, str | Mapping[str, str]]) -> "Places":
        """The inverse of to_json."""
        given = record["given"]
        assert isinstance(given, Mapping)
        runs, data, cache = (Path(str(record[name])) for name in ("runs", "data", "cache"))
        return cls(runs, data, {name: Path(path) for name, path in given.items()}, cache)


def found_run(store: Store, run_id: str) -> RunFolder:
    """A run of the store. Raises MissingError."""
    try:
        return store.get(run_id)
    except RunError as error:
        raise MissingError(str(error)) from None


def is_data_id(name: str) -> bool:
    """Whether a folder's name can be an id: no leading dot, no sign that an address uses, 100 characters at most."""
    plain = 0 < len(name) <= 100 and not name.startswith(".") and not set(name) & set("/\\:\x7f")
    return plain and all(character >= " " and not "\ud800" <= character <= "\udfff" for character in name)


def named(paths: Iterable[str]) -> dict[str, Path]:
    """What was typed on the command line, by name: of `~/pictures/cats` and `old/cats.zip`: `cats` and `cats-2`.

    Names of the catalogue are known anyway. Raises DataError for a path that is not there.
    """
    found: dict[str, Path] = {}
    for text in paths:
        from nonesuch.data.builtin import NAMES  # only here: most start without, and the first page must not wait

        path = Path(text).expanduser()
        if not path.exists():
            if text in NAMES:
                continue
            raise DataError(f"no folder, archive or data set is called {text!r}; the named sets are {', '.join(NAMES)}")
        place = path.resolve()
        stem = "".join("-" if c in "/\\:\x7f" or c < " " else c for c in place.stem).strip(".")[:90] or "data"
        name, count = stem, 1
        while name in found or name in NAMES:
            count += 1
            name = f"{stem}-{count}"
        found[name] = place
    return found
