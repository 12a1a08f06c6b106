"""A linear net or an MLP beside a CNN, as a sheet of pictures for a person."""

from nonesuch.evaluation.templates import Scores, SideBySide
from nonesuch.lens.show import signed_pictures
from nonesuch.measure.canvas import RIGHT, WRONG
from nonesuch.measure.sheet import Band, Tile, sheet
from nonesuch.pixels import Picture, to_pixels

MOST_CLASSES, MOST_UNITS, MOST_FAILURES = 24, 24, 18


def templates_sheet(found: SideBySide) -> Picture:
    """Templates, hidden units, averages of the training set, and where the templates fail: (H, W, 3) uint8."""
    shown = signed_pictures(found.templates)
    means = to_pixels(found.averages).permute(0, 2, 3, 1).numpy()
    names = found.classes[:MOST_CLASSES]
    more = f", the first {MOST_CLASSES} of {len(found.classes)}" if len(found.classes) > MOST_CLASSES else ""
    what = "weights of each class" if found.units is None else "mean slope of each class's logit"
    bands = [
        Band(f"templates: {what}; grey is 0, bright speaks for, dark against{more}", _named(shown, names)),
        Band("the average of the training set, class by class", _named(means, names)),
    ]
    if found.units is not None:
        units = signed_pictures(found.units[:MOST_UNITS])
        of = f"hidden units 0 to {len(units) - 1} of {len(found.units)}: what each looks for"
        bands.append(Band(of, [Tile(picture) for picture in units], side=64))
    bands.append(_failures(found, shown))
    accuracies = [accuracy_words(each) for each in (found.plain, found.other) if each is not None]
    return sheet("; ".join(accuracies), f"{len(found.targets):,} test pictures, 95% intervals", bands)


def accuracy_words(scores: Scores) -> str:
    """Name, accuracy and its interval."""
    interval = scores.interval
    return f"{scores.name} {scores.accuracy:.1%} ({interval.low:.1%} to {interval.high:.1%})"


def _named(pictures: Picture, names: tuple[str, ...]) -> list[Tile]:
    return [Tile(picture, (name,)) for picture, name in zip(pictures, names, strict=False)]


def _failures(found: SideBySide, shown: Picture) -> Band:
    """Three tiles each: the picture, the template that should have won, and the one that did."""
    tiles = []
    for row in found.failures[:MOST_FAILURES]:
        truth, answer = int(found.targets[row]), int(found.plain.answers[row])
        probabilities = found.plain.logits[row].exp()
        said = () if found.other is None else (f"other: {float(found.other.logits[row, truth].exp()):.0%}",)
        tiles += [
            Tile(found.pictures[row], (found.classes[truth], *said), RIGHT),
            Tile(shown[truth], (f"its own: {float(probabilities[truth]):.0%}", found.classes[truth])),
            Tile(shown[answer], (f"won: {float(probabilities[answer]):.0%}", found.classes[answer]), WRONG),
        ]
    better = "" if found.other is None else f" and {found.other.name} does not"
    title = f"where {found.plain.name} fails{better}: {len(found.failures):,} pictures"
    return Band(f"{title}; each beside the template of its class and the one that won", tiles, 72, together=3)
