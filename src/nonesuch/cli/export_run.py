"""`nonesuch export`: a run's nets as files for other programs, with how far each is from torch."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from nonesuch.exporting import manifest
from nonesuch.library import export, open_run


def export_run(
    root: Path, where: str, to: str, precisions: list[str], directions: Path | None, out: Path | None
) -> None:
    """Write them, print a table of the files, and where they are."""
    found = export(open_run(where, root), out, to, precisions, directions)
    if found.is_dir():
        written = manifest.Manifest.model_validate_json((found / manifest.NAME).read_bytes())
        Console(soft_wrap=True).print(_table(written))
    print(found)


def _table(written: manifest.Manifest) -> Table:
    table = Table("file", "size", "from torch: mean", "at most", box=None, pad_edge=False)
    for graph in written.graphs.values():
        for entry in graph.files.values():
            off = entry.difference
            table.add_row(entry.file, f"{entry.bytes / 1e6:,.2f} MB", f"{off.mean:.1e}", f"{off.most:.1e}")
    return table
