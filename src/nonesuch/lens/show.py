"""Activations and saliency as pictures, uint8, to be laid into grids."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from nonesuch.lens.influence import Box
from nonesuch.pixels import Picture, enlarge, to_rgb

MIDDLE = 127.5
BEYOND = 0.005
"""Share of the numbers that signed pictures cut off."""
GHOST = 0.45
"""How much of the picture shines through under a heat map."""
FRAME, AROUND = (255, 176, 0), 0.4
"""Colour of the frame around a receptive field, and how bright the picture is outside of it."""


def as_grey(values: Tensor) -> Picture:
    """Maps (C, H, W) or features (n,) as pictures (C, H, W, 1) or one row (1, 1, n, 1), all on one scale.

    0 is mid grey, the number farthest from it black or white.
    """
    maps = values if values.dim() == 3 else values.view(1, 1, -1)
    farthest = float(maps.abs().max()) or 1.0
    return (MIDDLE + MIDDLE * maps[..., None] / farthest).round().to(torch.uint8).numpy()


def heat(picture: Picture, values: Tensor) -> Picture:
    """A picture (H, W, C) under a map (h, w) of any size: from dark over red and yellow to white, (H, W, 3).

    The map's highest value is white, 0 and below leave the dimmed picture as it is.
    """
    height, width, _ = picture.shape
    sized = F.interpolate(values[None, None].float(), (height, width), mode="bilinear", align_corners=False)[0, 0]
    share = (sized.clamp(min=0) / (float(sized.max()) if float(sized.max()) > 0 else 1.0)).numpy()[..., None]
    glow = np.clip(3 * share - np.array([0.0, 1.0, 2.0]), 0, 1)
    ghost = GHOST * to_rgb(picture[None])[0].mean(2, keepdims=True) * (1 - share)
    found: Picture = np.clip(ghost + 255 * glow, 0, 255).round().astype(np.uint8)
    return found


def signed_pictures(values: Tensor) -> Picture:
    """Weights or slopes (N, C, H, W) as pictures (N, H, W, C), all on one scale: 0 is mid grey in every colour.

    Black or full colour is what only one number of 200 lies beyond: a few large ones would leave the others grey. Of
    pictures with alpha the weights of the colours are shown.
    """
    shown = values[:, :3] if values.shape[1] == 4 else values
    far = float(np.quantile(shown.abs().numpy(), 1 - BEYOND)) or float(shown.abs().max()) or 1.0
    signed = MIDDLE + MIDDLE * (shown / far).clamp(-1, 1)
    return signed.round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


def framed(picture: Picture, box: Box, scale: int) -> Picture:
    """A picture (H, W, C) enlarged by a whole factor, dark outside of a box and with a frame around it, (H', W', 3)."""
    inside = np.zeros((*picture.shape[:2], 1), bool)
    inside[box.top : box.bottom, box.left : box.right] = True
    colours = to_rgb(picture)
    shown = enlarge(np.where(inside, colours, (AROUND * colours).astype(np.uint8)), scale)
    thick = max(1, scale // 6)
    top, left, bottom, right = (scale * edge for edge in (box.top, box.left, box.bottom, box.right))
    kept = shown[top + thick : bottom - thick, left + thick : right - thick].copy()
    shown[top:bottom, left:right] = FRAME
    shown[top + thick : bottom - thick, left + thick : right - thick] = kept
    return shown
