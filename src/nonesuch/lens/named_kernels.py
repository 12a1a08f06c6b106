"""Kernels by name and by formula: those of image editors, Gaussian, difference of Gaussians, Gabor."""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from nonesuch.errors import NetError
from nonesuch.lens.kernels import Kernel


def gaussian(sigma: float, side: int | None = None) -> Kernel:
    """Blur: exp(-(x^2 + y^2) / 2 sigma^2), summing to 1; by default out to 3 sigma.

    Raises NetError unless sigma > 0.
    """
    x, y = _places(sigma, side)
    weights = (-(x**2 + y**2) / (2 * sigma**2)).exp()
    return Kernel((weights / weights.sum()).float(), edge="replicate")


def difference_of_gaussians(inner: float, outer: float) -> Kernel:
    """Edges at one scale: the blur of `inner` minus that of `outer` (Marr and Hildreth 1980). Sums to 0."""
    side = gaussian(max(inner, outer)).side
    return Kernel(gaussian(inner, side).weights - gaussian(outer, side).weights, edge="replicate")


def gabor(wavelength: float, degrees: float = 0.0, phase: float = 0.0, sigma: float | None = None) -> Kernel:
    """A wave under a bell: what cells of the visual cortex, and first layers of CNNs, look for (Daugman 1985).

    wavelength in pixels, `degrees` between the wave's direction and the x axis, phase in degrees (0: a bright line),
    sigma of the bell in pixels, by default half a wavelength. The mean is taken off, so that even pictures give 0.
    """
    sigma = wavelength / 2 if sigma is None else sigma
    x, y = _places(sigma, None)
    angle, shift = math.radians(degrees), math.radians(phase)
    along = x * math.cos(angle) + y * math.sin(angle)
    weights = (-(x**2 + y**2) / (2 * sigma**2)).exp() * (2 * math.pi * along / wavelength + shift).cos()
    weights = weights - weights.mean()
    return Kernel((weights / weights.abs().sum()).float(), edge="replicate")


def _places(sigma: float, side: int | None) -> tuple[Tensor, Tensor]:
    """x and y (k, k) float64 around the middle."""
    if not sigma > 0:
        raise NetError(f"sigma is a number above 0, in pixels; found {sigma}")
    reach = max(1, math.ceil(3 * sigma)) if side is None else side // 2
    line = torch.arange(-reach, reach + 1, dtype=torch.float64)
    return line[None, :].expand(len(line), -1), line[:, None].expand(-1, len(line))


def _by_hand(*rows: Sequence[float], scale: float = 1.0) -> Callable[[], Kernel]:
    return lambda: Kernel(torch.tensor(rows, dtype=torch.float32), scale)


PRESETS: Mapping[str, Callable[[], Kernel]] = {
    "identity":     _by_hand((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "blur":         _by_hand((1, 2, 1), (2, 4, 2), (1, 2, 1), scale=16),
    "sharpen":      _by_hand((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "outline":      _by_hand((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "emboss":       _by_hand((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
    "left-sobel":   _by_hand((1, 0, -1), (2, 0, -2), (1, 0, -1)),
    "right-sobel":  _by_hand((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "top-sobel":    _by_hand((1, 2, 1), (0, 0, 0), (-1, -2, -1)),
    "bottom-sobel": _by_hand((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "laplacian":    _by_hand((0, 1, 0), (1, -4, 1), (0, 1, 0)),
    "gaussian":     lambda: gaussian(2.0),
    "dog":          lambda: difference_of_gaussians(1.0, 1.6),
    "gabor":        lambda: gabor(8.0),
}  # fmt: skip
"""Kernels by name, the first nine as on setosa.io's page on image kernels (Powell 2015); one line a kernel."""


CAPTIONS: Mapping[str, str] = {
    "identity": "Leaves every pixel as it is: the middle times 1, all else times 0.",
    "blur": "A weighted mean of the neighbours, divided by their sum: details go, brightness stays.",
    "sharpen": "Five times the pixel minus its four neighbours: what differs from its surroundings differs more.",
    "outline": "Eight times the pixel minus its eight neighbours: 0 wherever nothing changes, so outlines are left.",
    "emboss": "Darker to the upper left, brighter to the lower right: edges look as if light fell on them.",
    "left-sobel": "Left minus right: bright where the picture is brighter on the left of an edge.",
    "right-sobel": "Right minus left: bright where the picture is brighter on the right of an edge.",
    "top-sobel": "Above minus below: bright where the picture is brighter above an edge.",
    "bottom-sobel": "Below minus above: bright where the picture is brighter below an edge.",
    "laplacian": "The four neighbours minus four times the pixel: how far it lies below their mean.",
    "gaussian": "A wide blur with a bell for its weights, sigma 2 pixels.",
    "dog": "A narrow blur minus a wider one: edges of one size, as cells of the eye's retina see them.",
    "gabor": "A wave under a bell: stripes of 8 pixels, upright. First layers of trained nets find kernels like it.",
}
"""What each preset does, in a sentence."""


def preset(name: str) -> Kernel:
    """A kernel by name. Raises NetError that lists the names."""
    if name not in PRESETS:
        raise NetError(f"no kernel is called {name!r}; the names are {', '.join(PRESETS)}")
    return PRESETS[name]()
