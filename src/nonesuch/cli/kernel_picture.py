"""`nonesuch kernel`: a picture under an image editor's kernel, or under a filter that a net has learnt."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from nonesuch import library
from nonesuch.errors import DataError, RecipeError
from nonesuch.lens import acf, named_kernels
from nonesuch.lens.kernels import PADDING, Kernel
from nonesuch.pixels import write_png
from nonesuch.runs.atomic import write_bytes

LARGEST_ACF = 1000


@dataclass(frozen=True)
class Choice:
    """Where the kernel comes from (one of the first four) and what is changed of it (None: as it is)."""

    preset: str | None = None
    weights: str | None = None
    acf: Path | None = None
    run: str | None = None
    number: int = 0
    scale: float | None = None
    offset: float | None = None
    stride: int | None = None
    edge: str | None = None
    turned: bool = False


def show(picture: Path, choice: Choice, runs: Path, out: Path | None, save: Path | None) -> None:
    """Write the filtered picture and, when asked, the kernel as an .acf file; print the weights and where they went."""
    named = [name for name in ("preset", "weights", "acf", "run") if getattr(choice, name) is not None]
    if len(named) > 1:
        raise RecipeError(f"one kernel at a time; found {' and '.join(f'--{name}' for name in named)}")
    if choice.run is not None:
        kernel, drawn = library.learned_map(picture, library.open_run(choice.run, runs), choice.number)
    else:
        kernel = _changed(_kernel(choice), choice)
        drawn = library.filtered(picture, kernel)
    target = out or Path(f"{picture.stem}-{choice.preset or (named or ['sharpen'])[0]}.png")
    write_png(target, drawn)
    print(words(kernel))
    print(target)
    if save is not None:
        write_bytes(save, acf.to_acf(kernel))
        print(save)


def words(kernel: Kernel) -> str:
    """The weights as rows; of a kernel across channels one block a channel."""
    blocks = kernel.weights if kernel.weights.dim() == 3 else kernel.weights[None]
    rows = ["\n".join(" ".join(f"{value:8.4g}" for value in row) for row in block.tolist()) for block in blocks]
    return "\n\n".join(rows) + f"\nscale {kernel.scale:g}, offset {kernel.offset:g}, edge {kernel.edge}"


def _kernel(choice: Choice) -> Kernel:
    if choice.acf is not None:
        return acf.from_acf(_read(choice.acf))
    if choice.weights is not None:
        return Kernel(_parsed(choice.weights))
    return named_kernels.preset(choice.preset or "sharpen")


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            return source.read(LARGEST_ACF)
    except OSError as error:
        raise DataError(f"{file}: {error.strerror}; give the .acf file of a Custom filter") from None


def _parsed(text: str) -> torch.Tensor:
    """Rows of numbers, "0 -1 0; -1 5 -1; 0 -1 0"."""
    try:
        rows = [[float(value) for value in row.replace(",", " ").split()] for row in text.split(";")]
        found = np.array(rows, np.float32)
    except ValueError:
        found = np.full(1, np.nan, np.float32)
    if found.ndim != 2 or not np.isfinite(found).all():
        raise RecipeError(f'--weights is rows of numbers, as "0 -1 0; -1 5 -1; 0 -1 0"; found {text!r}')
    return torch.from_numpy(found)


def _changed(kernel: Kernel, choice: Choice) -> Kernel:
    edge = kernel.edge
    if choice.edge is not None:
        known = next((name for name in PADDING if name == choice.edge), None)
        if known is None:
            raise RecipeError(f"--edge is one of {', '.join(PADDING)}; found {choice.edge!r}")
        edge = known
    return replace(
        kernel.turned if choice.turned else kernel,
        scale=kernel.scale if choice.scale is None else choice.scale,
        offset=kernel.offset if choice.offset is None else choice.offset,
        stride=kernel.stride if choice.stride is None else choice.stride,
        edge=edge,
    )
