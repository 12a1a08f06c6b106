"""The sheet of cards: every picture is on it, enlarged by whole factors, and words do not widen it."""

import numpy as np

from nonesuch.measure.cards import WIDEST, Card, Cell, cards_sheet


def _plain(level: tuple[int, int, int], height: int = 5, width: int = 7) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def test_pictures_are_on_the_sheet_in_full() -> None:
    colours = [(250, 0, 0), (0, 240, 0), (0, 0, 230), (200, 0, 200)]
    cards = [
        Card("one", tuple(Cell(_plain(c), ("0.5", "x")) for c in colours[:3])),
        Card("two", (Cell(_plain(colours[3])),)),
    ]
    found = cards_sheet("title", cards, side=40)
    for colour in colours:
        rows, columns = np.nonzero((found == colour).all(2))
        assert (len(rows), np.ptp(rows) + 1, np.ptp(columns) + 1) == (25 * 35, 25, 35)  # five times 5x7
    reds, greens = (np.nonzero((found == colours[at]).all(2))[1] for at in (0, 1))
    assert reds.max() < greens.min()


def test_many_cards_flow_and_long_words_are_shortened() -> None:
    card = Card(
        "a very long title indeed, much longer than its card is wide", (Cell(_plain((1, 2, 3)), ("word " * 40,)),)
    )
    found = cards_sheet("words " * 200, [card] * 30, side=96)
    assert found.shape[1] <= WIDEST + 60
    assert found.shape[0] > 5 * 96
    assert (found[:, :20] == 255).all()
    assert (found[:, -20:] == 255).all()
