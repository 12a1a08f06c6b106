"""Sliding a kernel over pictures, quickly: rows of the result are weighted sums of rows of the picture.

A row of a picture whose channels lie side by side is one line of numbers, and the same row moved by one pixel is that
line begun some numbers later. So a line of the result is a sum of k * k such lines, each times one weight, and torch's
name for weighted sums of lines is `embedding_bag`: it keeps a sum in registers until its last line, where k * k
separate additions would read and write it each time (LOG, 2026-11-24). A picture is done in strips that stay in a
core's cache, and a strip in pieces of lines, one piece of all lines before the next: a line is needed again for the
next ones, and is then still in the fastest cache. Weights of 0 cost nothing, and a kernel that is a column times a row
takes 2 * k sums instead of k * k.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from nonesuch.lens.kernels import Edge, Kernel
from nonesuch.machine import on_cores, usable_threads
from nonesuch.pixels import Picture

STRIP = 1 << 20
"""Numbers in work at a time: 4 MB; half of it took as long, a quarter longer (EPYC, LOG 2026-11-29)."""
PIECE, ALIGNED = 192, 16
"""Numbers of a line in work at a time, and what they are a multiple of: the widest registers hold 16."""
SEPARABLE_FROM = 7
"""From this side on the two passes of a separable kernel are quicker than one."""

WORTH_SHARING = 49
"""Products an output from which more than one core pays: at 25 threads cost more than they bring (LOG, 2026-11-24)."""

Put = Callable[[int, Tensor], None]
"""Takes the first row of the result and rows from there on, (n, ...): in pieces, and maybe with numbers too many."""


def apply(kernel: Kernel, images: Tensor) -> Tensor:
    """Slide a kernel over pictures (B, C, H, W): float32 (B, C, H', W'), or (B, 1, H', W') across channels.

    H' = ceil(H / stride). Raises NetError when channels do not fit, or the edge rule cannot fill a picture so small.
    """
    batch, channels, height, width = images.shape
    kernel.check(channels, height, width)
    size = (-(-height // kernel.stride), -(-width // kernel.stride))
    across = kernel.weights.dim() == 3
    result = torch.empty(batch, 1 if across else channels, *size)
    for image, drawn in zip(images, result, strict=True):
        for planes, target in [(list(image), drawn[0])] if across else zip(image[:, None], drawn, strict=True):
            _slide(kernel, planes, 1, _into(target))
    return result


def on_bytes(kernel: Kernel, picture: Picture) -> Picture:
    """Slide a kernel over a picture (H, W, C) uint8: (H', W', C), or (H', W', 1) across channels.

    Sums are taken in float32, rounded to the nearest (halves to the even one) and cut off to 0 to 255. Raises NetError
    as `apply` does.
    """
    height, width, channels = picture.shape
    kernel.check(channels, height, width)
    across = kernel.weights.dim() == 3
    step = 1 if across else channels
    size = (-(-height // kernel.stride), -(-width // kernel.stride), step)
    pieces, piece = _pieces(width * step)
    # with room for the numbers too many, so that nothing is copied twice
    lines = np.empty((size[0], pieces * piece if kernel.stride == 1 else size[1] * step), np.uint8)

    def put(first: int, values: Tensor) -> None:
        rounded = values.round_().clamp_(0, 255).numpy()
        # numpy: torch turns floats into bytes five times slower
        np.copyto(lines[first : first + len(rounded)].reshape(rounded.shape), rounded, casting="unsafe")

    pixels = torch.from_numpy(np.require(picture, requirements="W"))  # torch warns of what it cannot write into
    _slide(kernel, list(pixels.permute(2, 0, 1)) if across else [pixels.reshape(height, -1)], step, put)
    return np.ascontiguousarray(lines[:, : size[1] * step]).reshape(size)


def _into(target: Tensor) -> Put:
    def put(first: int, values: Tensor) -> None:
        target[first : first + len(values)] = values.flatten(1)[:, : target.shape[1]]

    return put


def _slide(kernel: Kernel, planes: Sequence[Tensor], step: int, put: Put) -> None:
    """Over planes (H, W * step), each with its own weights, or one with the weights of all; the planes' sums are put.

    step: channels that lie side by side, numbers from a pixel to the next one.
    """
    height, width = planes[0].shape
    stride, reach = kernel.stride, kernel.side // 2
    fitting = min(height, STRIP // (len(planes) * kernel.side * width))
    rows = -(-max(1, fitting) // stride) * stride
    pieces, piece = _pieces(width)
    passes = _passes(kernel, len(planes), rows, pieces)

    def strips(tops: Sequence[int]) -> None:
        with torch.inference_mode():
            # made once: memory that is new costs more than the sums
            lines = torch.empty(len(planes), kernel.side, rows + 2 * reach, pieces * piece)
            lines[..., width:] = 0
            for top in tops:
                there = min(rows, height - top)
                for plane, moved in zip(planes, lines[:, :, : there + 2 * reach, :width], strict=True):
                    padded = _padded(plane, top - reach, there + 2 * reach, reach, step, kernel.edge)
                    moved.copy_(padded.as_strided(moved.shape, (step, padded.shape[1], 1)))
                sums = lines.view(-1, piece)
                for places, weights in passes:
                    sums = F.embedding_bag(places, sums, per_sample_weights=weights, mode="sum")
                kept = sums.view(pieces, -1, piece)[:, : -(-there // stride)].transpose(0, 1)
                if stride > 1:
                    kept = kept.flatten(1)[:, :width].view(len(kept), -1, step)[:, ::stride]
                if kernel.scale != 1:
                    kept = kept.div_(kernel.scale)
                put(top // stride, kept.add_(kernel.offset) if kernel.offset else kept)

    products = sum(weights.shape[1] for _, weights in passes)
    on_cores(strips, range(0, height, rows), usable_threads() if products >= WORTH_SHARING else 1)


def _pieces(numbers: int) -> tuple[int, int]:
    """How many pieces a line is cut into, and the numbers of each; the last one may have some too many."""
    pieces = -(-numbers // PIECE)
    return pieces, -(-numbers // (pieces * ALIGNED)) * ALIGNED


def _passes(kernel: Kernel, planes: int, rows: int, pieces: int) -> list[tuple[Tensor, Tensor]]:
    """Which pieces of lines are summed for each of the result, and their weights, (N, taps) both; one pass or two.

    They are numbered as in (planes, k, rows + k - 1, pieces): first those of a plane whose lines begin at the same
    pixel. Sums come as (pieces, lines).
    """
    side, high = kernel.side, rows + kernel.side - 1
    begun, down, results = torch.arange(side) * high, torch.arange(side), torch.arange(0, rows, kernel.stride)
    piece = torch.arange(pieces)
    parts = kernel.separated() if side >= SEPARABLE_FROM else None
    if parts is not None:
        column, row = parts
        across = _taps(piece, torch.arange(high) * pieces, begun * pieces, row)
        return [across, _taps(piece * high, results, down, column)]
    plane = torch.arange(planes)[:, None, None] * side * high
    lines = (plane + down[:, None] + begun).flatten()
    return [_taps(piece, results * pieces, lines * pieces, kernel.weights.flatten())]


def _taps(piece: Tensor, first: Tensor, places: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Sum (p, n) is over piece[p] + first[n] + places[t], times weights[t]; weights of 0 are left out, but for one."""
    used = weights != 0
    used[0] |= not bool(used.any())
    numbers = (piece[:, None, None] + first[:, None] + places[used]).flatten(0, 1)
    return numbers, weights[used].expand(len(numbers), -1).contiguous()


def _padded(plane: Tensor, first: int, rows: int, reach: int, step: int, edge: Edge) -> Tensor:
    """Rows of a plane from `first` on, also those outside of it, with `reach` pixels more at both sides."""
    height, width = plane.shape
    padded = plane.new_zeros(rows, width + 2 * reach * step)
    inner = padded[:, reach * step : reach * step + width]
    low, high = max(first, 0), min(first + rows, height)
    inner[low - first : high - first] = plane[low:high]
    for at in (*range(first, low), *range(high, first + rows)):
        if (source := _shown(at, height, edge)) is not None:
            inner[at - first] = plane[source]
    pixels, columns = padded.view(rows, -1, step), width // step
    for at in (*range(-reach, 0), *range(columns, columns + reach)):
        if (source := _shown(at, columns, edge)) is not None:
            pixels[:, reach + at] = pixels[:, reach + source]
    return padded


def _shown(at: int, count: int, edge: Edge) -> int | None:
    """Which of `count` rows or columns stands at a place outside of them; None for zeros."""
    match edge:
        case "zero":
            return None
        case "replicate":
            return min(max(at, 0), count - 1)
        case "wrap":
            return at % count
        case "reflect":
            return -at if at < 0 else 2 * (count - 1) - at
