"""A sheet of cards that flow in columns: a title, and a few pictures side by side with words below."""

from collections.abc import Sequence
from dataclasses import dataclass

from nonesuch.measure.canvas import INK, MUTED, RULE, Canvas, shorten, text_width, within
from nonesuch.pixels import Picture, to_rgb

MARGIN, GAP, CARD_GAP = 24, 8, 22
TITLE, HEAD, SMALL = 19, 14, 12
LINE = 16
WIDEST = 1400
"""Cards flow into as many columns as this allows."""


@dataclass(frozen=True, eq=False)
class Cell:
    """A picture (H, W, C) uint8, and lines of words below it."""

    picture: Picture
    words: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Card:
    """A title, and cells side by side."""

    title: str
    cells: tuple[Cell, ...]


def cards_sheet(title: str, cards: Sequence[Card], side: int = 96) -> Picture:
    """(H, W, 3) uint8, of at least one card; each picture is brought to fit into side x side pixels."""
    most, lines = max(len(card.cells) for card in cards), max(len(c.words) for card in cards for c in card.cells)
    # A lone picture would leave its words no room.
    across = max(most * (side + GAP) - GAP, min(220, max(text_width(card.title, HEAD) for card in cards)))
    down = HEAD + 10 + side + lines * LINE
    columns = max(1, min(len(cards), (WIDEST - 2 * MARGIN + CARD_GAP) // (across + CARD_GAP)))
    rows = -(-len(cards) // columns)
    width = max(columns * (across + CARD_GAP) - CARD_GAP, min(text_width(title, TITLE), WIDEST)) + 2 * MARGIN
    canvas = Canvas(width, 2 * MARGIN + TITLE + CARD_GAP + rows * (down + CARD_GAP) - CARD_GAP)
    canvas.text((MARGIN, MARGIN + TITLE / 2), shorten(title, TITLE, width - 2 * MARGIN), TITLE)
    for number, card in enumerate(cards):
        row, column = divmod(number, columns)
        left = MARGIN + column * (across + CARD_GAP)
        _card(canvas, card, (left, MARGIN + TITLE + CARD_GAP + row * (down + CARD_GAP)), side, across)
    return canvas.pixels()


def _card(canvas: Canvas, card: Card, corner: tuple[int, int], side: int, across: int) -> None:
    left, top = corner
    canvas.text((left, top + HEAD / 2), shorten(card.title, HEAD, across), HEAD, INK)
    for cell in card.cells:
        shown = within(to_rgb(cell.picture), side)
        height, width = shown.shape[:2]
        corner = left + (side - width) // 2, top + HEAD + 10 + (side - height) // 2
        canvas.box(corner[0] - 1, corner[1] - 1, width + 2, height + 2, RULE)
        canvas.picture(*corner, shown)
        for number, words in enumerate(cell.words):
            at = (left + side / 2, top + HEAD + 10 + side + (number + 0.5) * LINE + 2)
            canvas.text(at, shorten(words, SMALL, side), SMALL, MUTED, "mm")
        left += side + GAP
