"""Slow augmentation of one picture at a time, from the definitions, for comparison with the batched code."""

import math

import numpy as np
from scipy import ndimage


def mirrored_and_shifted(picture: np.ndarray, mirror: bool, down: int, right: int, shift: int, edge: str) -> np.ndarray:
    """(H, W, C) mirrored, padded by `shift`, and cut out again `down` and `right` of the middle."""
    if mirror:
        picture = picture[:, ::-1]
    widths = ((shift, shift), (shift, shift), (0, 0))
    padded = np.pad(picture, widths, mode="reflect" if edge == "reflect" else "constant")
    height, width = picture.shape[:2]
    return padded[shift + down : shift + down + height, shift + right : shift + right + width]


def warped(picture: np.ndarray, angle: float, zoom: float, across: float, along: float, edge: str) -> np.ndarray:
    """(H, W, C) float resampled so that output place p shows input place M (p - centre) / zoom + centre.

    M = rotation(angle) @ [[1, across], [along, 1]] in (x, y).
    """
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix_xy = turn @ np.array([[1, across], [along, 1]]) / zoom
    matrix = matrix_xy[::-1, ::-1]
    centre = (np.array(picture.shape[:2]) - 1) / 2
    mode = "reflect" if edge == "reflect" else "grid-constant"
    layers = [
        ndimage.affine_transform(layer, matrix, centre - matrix @ centre, order=1, mode=mode, cval=0.0)
        for layer in np.moveaxis(picture.astype(np.float64), 2, 0)
    ]
    return np.stack(layers, 2)
