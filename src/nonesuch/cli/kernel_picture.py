"""`nonesuch kernel`: a picture under an image editor's kernel, and the kernel that options ask for."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from nonesuch import library
from nonesuch.errors import DataError, RecipeError
from nonesuch.evaluation.filters import fitted
from nonesuch.lens import acf, named_kernels
from nonesuch.lens.kernels import PADDING, Edge, Kernel
from nonesuch.pixels import write_png
from nonesuch.runs.atomic import write_bytes

LARGEST_ACF = 1000


@dataclass(frozen=True)
class Choice:
    """Where the kernel comes from (one of the first three) and what is changed of it (None: as it is)."""

    preset: str | None = None
    weights: str | None = None
    acf: Path | None = None
    scale: float | None = None
    offset: float | None = None
    stride: int | None = None
    edge: str | None = None
    turned: bool = False

    @property
    def sources(self) -> list[str]:
        """The names of those that were given."""
        return [name for name in ("preset", "weights", "acf") if getattr(self, name) is not None]

    @property
    def given(self) -> list[str]:
        """The options that were given, as they are typed."""
        changes = [name for name in ("scale", "offset", "stride", "edge") if getattr(self, name) is not None]
        return [f"--{name}" for name in (*self.sources, *changes)] + ["--convolve"] * self.turned


def show(picture: Path, choice: Choice, out: Path | None, save: Path | None) -> None:
    """Write the filtered picture and, when asked, the kernel as an .acf file; print the weights and where they went."""
    kernel = chosen(choice)
    target = out or Path(f"{picture.stem}-{choice.preset or (choice.sources or ['sharpen'])[0]}.png")
    write_png(target, library.filtered(picture, kernel))
    print(words(kernel))
    print(target)
    keep(kernel, save)


def keep(kernel: Kernel, save: Path | None) -> None:
    """Write an .acf file, when asked."""
    if save is not None:
        write_bytes(save, acf.to_acf(kernel))
        print(save)


def chosen(choice: Choice, was: Kernel | None = None) -> Kernel:
    """The kernel that was asked for, with its changes; with `was` it takes the place of this filter of a net."""
    if len(choice.sources) > 1:
        raise RecipeError(f"one kernel at a time; found {' and '.join(f'--{name}' for name in choice.sources)}")
    if was is None:
        return changed(_kernel(choice), choice)
    return changed(fitted(_kernel(choice), was, choice.weights is None) if choice.sources else was, choice)


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
    """Rows of numbers, "0 -1 0; -1 5 -1; 0 -1 0"; across channels one such block a channel, bars between them."""
    try:
        blocks = [[row.replace(",", " ").split() for row in block.split(";")] for block in text.split("|")]
        found = np.array(blocks, np.float32)
    except ValueError:
        found = np.full(1, np.nan, np.float32)
    if found.ndim != 3 or not np.isfinite(found).all():
        raise RecipeError(f'--weights is rows of numbers, as "0 -1 0; -1 5 -1; 0 -1 0"; found {text!r}')
    return torch.from_numpy(found if len(found) > 1 else found[0])


def changed(kernel: Kernel, choice: Choice) -> Kernel:
    """As the options say."""
    return replace(
        kernel.turned if choice.turned else kernel,
        scale=kernel.scale if choice.scale is None else choice.scale,
        offset=kernel.offset if choice.offset is None else choice.offset,
        stride=kernel.stride if choice.stride is None else choice.stride,
        edge=edge_of(choice.edge) or kernel.edge,
    )


def edge_of(text: str | None) -> Edge | None:
    """The word for what lies outside of the picture."""
    known = next((name for name in PADDING if name == text), None)
    if text is not None and known is None:
        raise RecipeError(f"--edge is one of {', '.join(PADDING)}; found {text!r}")
    return known
