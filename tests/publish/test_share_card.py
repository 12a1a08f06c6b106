"""The picture that links show: its size, its pictures, and its title where our font can write it."""

import numpy as np
import pytest

from nonesuch.publishing.share_card import HEIGHT, LARGE, MARGIN, WIDTH, share_card
from nonesuch.publishing.texts import Said, texts

RED = np.full((9, 16, 16, 3), (255, 0, 0), np.uint8)
RIGHT = slice(MARGIN + LARGE + MARGIN, None)


def _card(title: str) -> np.ndarray:
    return share_card(RED, texts("gan", "x", Said(title=title)))


def test_it_has_the_size_that_others_ask_for_and_shows_the_pictures() -> None:
    card = _card("This person does not exist")
    assert card.shape == (HEIGHT, WIDTH, 3) == (630, 1200, 3)
    assert (card[HEIGHT // 2, MARGIN + LARGE // 2] == (255, 0, 0)).all()
    assert (card[:MARGIN] == 255).all()


def test_the_title_is_written_where_the_font_has_its_letters() -> None:
    blank = _card("Этого человека нет")
    assert (blank[MARGIN : MARGIN + 200, RIGHT] == 255).all()
    assert (_card("A person?")[MARGIN : MARGIN + 200, RIGHT] < 128).any()


@pytest.mark.parametrize("title", ["w" * 200, "word " * 40, "x", "a b c d"])
def test_a_title_of_any_length_stays_inside(title: str) -> None:
    card = _card(title)
    small = np.argwhere((card[:, RIGHT] == (255, 0, 0)).all(2))[:, 0].min()
    # Between the title and the pictures below it there is room.
    assert (card[small - 4 : small, RIGHT] == 255).all()
    assert (card[:, WIDTH - MARGIN // 2 :] == 255).all()
    assert (card[HEIGHT - MARGIN // 2 :] == 255).all()


def test_without_pictures_there_is_still_a_card() -> None:
    card = share_card(np.zeros((0, 1, 1, 1), np.uint8), texts("cnn", "digits", Said()), draws=False)
    assert card.shape == (HEIGHT, WIDTH, 3)
    assert (card < 128).any()


@pytest.mark.parametrize("shape", [(2, 5, 5, 1), (3, 64, 64, 4), (1, 700, 300, 3), (4, 28, 28, 1)])
def test_any_picture_fits(shape: tuple[int, ...]) -> None:
    assert share_card(np.zeros(shape, np.uint8), texts("gan", "x", Said())).shape == (HEIGHT, WIDTH, 3)
