"""What lies in a folder."""

from pathlib import Path


def names(folder: Path) -> list[str]:
    """The names in `folder`, sorted; strays included."""
    return sorted(entry.name for entry in folder.iterdir())
