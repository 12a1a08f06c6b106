"""What a page tells of its net: data, counts, recipe, measurements beside their floor, memorisation.

Numbers come from the run's own report. No path, no name of a file and no picture of the training set is in here.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress

from nonesuch.assembly import reopen
from nonesuch.errors import DataError
from nonesuch.evaluation.run import Run
from nonesuch.publishing.copying import Check
from nonesuch.publishing.texts import Spoken

COLOURS: Mapping[Spoken, Mapping[int, str]] = {
    "en": {1: "grey", 3: "colour", 4: "colour with transparency"},
    "de": {1: "grau", 3: "farbig", 4: "farbig, mit Transparenz"},
}
_DISTANCES = ("frechet", "kernel", "precision", "recall", "density", "coverage")


def card(run: Run, name: str, mixture: bool, found: Check, language: Spoken) -> dict[str, object]:
    """The card, as page.html describes it, but for the neighbours. name: of the data."""
    height, width = run.recipe.data.size
    colour = COLOURS[language][run.recipe.data.channels]
    return {
        "data": f"{name}: {width} × {height}, {colour}",
        **_count(run, found),
        "images_seen": run.images_seen,
        "recipe": _recipe(run),
        "measurements": list(_measurements(run.report() or {}, mixture)),
        "memorisation": found.to_json(language),
    }


def _count(run: Run, found: Check) -> dict[str, object]:
    """How many pictures were learnt from; left out where they are no longer here to be counted."""
    with suppress(DataError):
        return {"pictures": len(reopen(run.recipe.data).rows["train"])}
    return {"pictures": found.training} if found.training else {}


def _recipe(run: Run) -> dict[str, object]:
    recipe = run.recipe
    budget = {"minutes": recipe.budget.minutes} if recipe.budget.minutes else {"images": recipe.budget.images}
    return {
        "kind": recipe.kind,
        "net": recipe.net.name,
        "parameters": sum(each.numel() for each in run.net.parameters()),
        **budget,
        "batch": recipe.train.batch,
        "optimizer": recipe.train.optimizer.name,
        "seed": recipe.seed,
    }


def _measurements(report: Mapping[str, object], mixture: bool) -> Iterator[dict[str, object]]:
    """Figures by the names that the page's table of words knows, each beside its floor where it has one."""
    figures = _part(report, "figures")
    if "accuracy" in figures:
        yield from _measured("accuracy", figures.get("accuracy"), figures.get("n"))
        yield from _measured("macro_f1", figures.get("macro_f1"), figures.get("n"))
        yield from _measured("calibration_error", figures.get("calibration_error"), figures.get("n"))
    mixed = _part(_part(report, "mixture"), "distances")
    distances = mixed if mixture and mixed else _part(report, "distances")
    samples, floor = _part(distances, "samples"), _part(distances, "floor")
    for name in _DISTANCES:
        error = samples.get(f"{name}_error")
        yield from _measured(name, samples.get(name), distances.get("n"), floor.get(name), error)
    if isinstance(wrong := figures.get("redraw_error"), float) and wrong > 0:
        yield from _measured("psnr", 20 * math.log10(255 / wrong), None)
    for name, ours in (("elbo", "elbo"), ("bits", "bits_per_value")):
        yield from _measured(name, figures.get(ours), _part(report, "likelihood").get("n"))


def _measured(
    name: str, value: object, n: object, floor: object = None, error: object = None
) -> Iterator[dict[str, object]]:
    if _number(value):
        told = {"n": n, "floor": floor, "error": error}
        yield {"name": name, "value": value, **{key: each for key, each in told.items() if _number(each)}}


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _part(whole: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = whole.get(name)
    return found if isinstance(found, dict) else {}
