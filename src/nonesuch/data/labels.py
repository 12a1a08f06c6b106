"""Who is what: labels and splits from the names of folders and from metadata.csv or labels.csv.

    root/cat/1.png                    label "cat"; deeper folders do not change it
    root/train/cat/1.png              split "train", label "cat"; val, valid, validation and test likewise
    root/metadata.csv                 file_name,label[,more columns]; also in a split folder (Hugging Face imagefolder)

A folder named like a split is one if all the folders beside it are, or if there are two of them: a class may be
called "train". In a table, `label` is the label, or the only column beside `file_name`; where a table gives labels, it
alone does, and pictures it does not name have none. Where it has other columns only, the folders still give the label.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nonesuch.data.items import NO_COLUMNS, Item, Reject, printable
from nonesuch.errors import DataError

TABLES = ("metadata.csv", "labels.csv")
FILE_NAME, LABEL = "file_name", "label"
SPLITS: Mapping[str, str] = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}


@dataclass(slots=True)
class _Rows:
    """The rows of all tables together. labelled: the folders (with their slash) below which a table gives labels."""

    by_path: dict[str, tuple[str, str | None, Mapping[str, str]]] = field(default_factory=dict)
    labelled: list[str] = field(default_factory=list)


def arrange(
    keys: Mapping[str, str], tables: Iterable[str], read: Callable[[str], bytes], refused: list[Reject]
) -> list[Item]:
    """Items for the pictures at the paths `keys` (path with "/" below the root -> key of the source), in path order.

    tables: paths of the tables found; those neither in the root nor in a split folder are passed over. read: a
    table's bytes by its path. Rows that name nothing are added to `refused`. Raises DataError for a broken table.
    """
    splits = split_folders({path.partition("/")[0] for path in keys if "/" in path})
    rows = _read_tables(sorted(tables), splits, read, refused)
    _refuse_unknown(rows, keys, refused)
    places: dict[str, tuple[str | None, str | None]] = {}
    items = []
    for path in sorted(keys):
        folder = path.rpartition("/")[0]
        place = places.get(folder)
        if place is None:
            place = places[folder] = _place(folder, splits)
        split, label = place
        columns = NO_COLUMNS
        if rows.by_path:
            row = rows.by_path.get(path)
            if any(path.startswith(covered) for covered in rows.labelled):
                label = row[1] if row else None
            columns = row[2] if row else NO_COLUMNS
        items.append(Item(keys[path], printable(path), label, split, columns))
    return items


def split_folders(tops: set[str]) -> dict[str, str]:
    """Which of the top folders are splits: {"Train": "train", "valid": "val"}."""
    found = {top: SPLITS[top.lower()] for top in tops if top.lower() in SPLITS}
    return found if len(found) == len(tops) or len(set(found.values())) > 1 else {}


def _place(folder: str, splits: Mapping[str, str]) -> tuple[str | None, str | None]:
    """(split, label) of everything in a folder."""
    top, _, rest = folder.partition("/")
    if top in splits:
        return splits[top], printable(rest.partition("/")[0]) or None
    return None, printable(top) or None


def _read_tables(
    tables: Sequence[str], splits: Mapping[str, str], read: Callable[[str], bytes], refused: list[Reject]
) -> _Rows:
    rows = _Rows()
    seen: dict[str, str] = {}
    for table in tables:
        folder, slash, _ = table.rpartition("/")
        if folder and folder not in splits:
            continue
        if folder in seen:
            raise DataError(f"{printable(table)} and {printable(seen[folder])} lie side by side; keep one of them")
        seen[folder] = table
        _add_table(rows, table, folder + slash, read(table), refused)
    return rows


def _add_table(rows: _Rows, table: str, base: str, data: bytes, refused: list[Reject]) -> None:
    """Add the rows of one table, whose file names are relative to `base`."""
    shown = printable(table)
    lines = _lines(shown, data)
    header = next(lines, (0, []))[1]
    if FILE_NAME not in header:
        found = printable(", ".join(header))[:80]
        raise DataError(f"{shown} has no column {FILE_NAME!r} (found: {found or 'nothing'}); name it in the first line")
    if len(set(header)) < len(header):
        raise DataError(f"{shown} has two columns of one name ({printable(', '.join(header))[:80]}); rename one")
    others = [name for name in header if name != FILE_NAME]
    labels = LABEL if LABEL in others else others[0] if len(others) == 1 else None
    if labels is not None:
        rows.labelled.append(base)
    for number, fields in lines:
        if len(fields) != len(header):
            raise DataError(f"{shown}, line {number}: {len(fields)} fields where the first line has {len(header)}")
        row = {
            name: printable(value) for name, value in zip(header, fields, strict=True) if value and name != FILE_NAME
        }
        path = base + fields[header.index(FILE_NAME)].replace("\\", "/").removeprefix("./")
        if path in rows.by_path:
            refused.append(Reject(printable(path), f"listed again in {shown}, line {number}"))
            continue
        label = row.pop(labels, None) if labels else None
        rows.by_path[path] = (shown, label, row)


def _lines(shown: str, data: bytes) -> Iterator[tuple[int, list[str]]]:
    """(line number, fields) of the lines that are not blank, cut at comma, semicolon or tab like the first."""
    text = data.decode("utf-8-sig", "surrogateescape")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for fields in reader:
            if fields:
                yield reader.line_num, [name.strip() for name in fields] if reader.line_num == 1 else fields
    except csv.Error as error:
        raise DataError(f"{shown}, line {reader.line_num}: {error}; save it as comma-separated values") from None


def _refuse_unknown(rows: _Rows, keys: Mapping[str, str], refused: list[Reject]) -> None:
    known = {reject.name for reject in refused}
    for path, (table, _, _) in rows.by_path.items():
        if path not in keys and printable(path) not in known:
            refused.append(Reject(printable(path), f"listed in {table}, but there is no such picture"))
