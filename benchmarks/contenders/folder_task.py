"""The packing task: a folder of class folders with JPEGs of 32 x 32 pixels, read in batches of 128."""

import argparse
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SIDE = 32
BATCH = 128


def folder_option(description: str) -> Path:
    """The folder named on the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    return folder


def epoch(batches: Iterable[Any], kind: str = "epoch", since: float | None = None) -> None:
    """Walk through batches of (images, ...), and print how many images came in how many seconds."""
    started = time.perf_counter() if since is None else since
    images = sum(len(batch[0]) for batch in batches)
    print(json.dumps({"kind": kind, "images": images, "seconds": time.perf_counter() - started}), flush=True)
