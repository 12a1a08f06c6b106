"""The sheet of neighbours: each picture where it belongs, rows that go on below."""

import numpy as np

from nonesuch.measure.neighbours_chart import COLUMNS, FACE, GAP, HEAD, ROW, sheet


def test_pictures_lie_in_their_rows_and_go_on_below() -> None:
    near = np.stack([np.full((4, 4, 3), number, np.uint8) for number in range(10)])
    other = np.full((2, 4, 4, 1), 77, np.uint8)
    rows = {"latent space": (near, np.arange(10.0)), "features": (other, np.ones(2))}
    drawn = sheet("seed 7", np.full((4, 4, 1), 55, np.uint8), rows)
    left, top = 3 * GAP + FACE + 4 * GAP, HEAD + 28
    assert drawn[top + FACE // 2, 3 * GAP + FACE // 2].tolist() == [55] * 3
    for number in range(10):
        y, x = top + number // COLUMNS * ROW + FACE // 2, left + number % COLUMNS * (FACE + GAP) + FACE // 2
        assert drawn[y, x].tolist() == [number] * 3
    assert drawn[top + 2 * ROW + FACE // 2, left + FACE // 2].tolist() == [77] * 3
