"""The picture that a link to the page shows elsewhere (Open Graph, 1200 x 630): the page's pictures and its title."""

from nonesuch.measure.canvas import INK, MUTED, Canvas, drawable, shorten, text_width, within
from nonesuch.pixels import Picture, to_rgb
from nonesuch.publishing.texts import Texts

WIDTH, HEIGHT = 1200, 630
MARGIN, LARGE, SMALL, GAP = 48, 534, 119, 15
ROWS = 2
TITLE, LINE = (64, 54, 44), 24
LEADING = 1.2
ABOVE = HEIGHT - 2 * MARGIN - LINE - GAP - ROWS * (SMALL + GAP)
"""Height that is left for the title."""
BY = {
    "en": "drawn by a neural network, in your browser",
    "de": "von einem neuronalen Netz gezeichnet, in deinem Browser",
}
SEEN = {"en": "a neural network, in your browser", "de": "ein neuronales Netz, in deinem Browser"}


def share_card(pictures: Picture, texts: Texts, draws: bool = True) -> Picture:
    """(630, 1200, 3) uint8 of pictures (N, H, W, C): the first one large, the next ones small; N may be 0.

    A title in letters that our font does not have is left out: the link shows it as text anyway.
    """
    canvas = Canvas(WIDTH, HEIGHT)
    left = MARGIN
    if len(pictures):
        large = within(to_rgb(pictures[0]), LARGE)
        canvas.picture(MARGIN + (LARGE - large.shape[1]) // 2, MARGIN + (LARGE - large.shape[0]) // 2, large)
        left += LARGE + MARGIN
    room = WIDTH - MARGIN - left
    if drawable(texts.title).count("?") == texts.title.count("?"):
        size, lines = _set(texts.title, room)
        for number, text in enumerate(lines):
            canvas.text((left, MARGIN + size * (0.6 + LEADING * number)), text, size, INK)
    below, columns = HEIGHT - MARGIN - LINE - 2 * GAP, (room + GAP) // (SMALL + GAP)
    for number, picture in enumerate(pictures[1 : 1 + ROWS * columns]):
        small, (row, column) = within(to_rgb(picture), SMALL), divmod(number, columns)
        canvas.picture(left + column * (SMALL + GAP), below - (ROWS - row) * (SMALL + GAP) + GAP, small)
    said = (BY if draws else SEEN)[texts.spoken]
    canvas.text((left, HEIGHT - MARGIN - LINE / 2), shorten(said, LINE, room), LINE, MUTED)
    return canvas.pixels()


def _set(title: str, room: int) -> tuple[int, list[str]]:
    """The largest size in which the title fits above the small pictures, and its lines; in the smallest it is cut."""
    for size in TITLE:
        lines = _wrapped(title, size, room)
        if LEADING * size * len(lines) <= ABOVE and all(text_width(each, size) <= room for each in lines):
            return size, lines
    size, most = TITLE[-1], int(ABOVE / (LEADING * TITLE[-1]))
    lines = _wrapped(title, size, room)
    kept = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return size, [shorten(each, size, room) for each in kept]


def _wrapped(title: str, size: int, room: int) -> list[str]:
    lines = [""]
    for word in title.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, size) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
