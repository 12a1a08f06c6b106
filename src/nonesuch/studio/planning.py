"""From a plan to a recipe, to what may be expected of it, and to a run folder; needs torch.

Only within long work of its own: it packs pictures and tries steps, which takes minutes, and maybe more memory than is.
"""

import json
from collections.abc import Callable

import torch

from nonesuch import form, library
from nonesuch.errors import RecipeError
from nonesuch.recipe import Recipe
from nonesuch.runs.store import RunFolder, Store
from nonesuch.studio.places import Places
from nonesuch.studio.wire import train as wire

Progress = Callable[[int, int], None]


def planned(places: Places, plan: wire.Plan, progress: Progress) -> Recipe:
    """The recipe of a plan; `progress` is told of pictures that are packed first.

    Raises MissingError, RecipeError for a setting that the form does not have, DataError.
    """
    known = {setting.name for setting in form.form(plan.kind, plan.net)}
    unknown = [name for name in plan.settings if name not in known]
    if unknown:
        raise RecipeError(f"the form has no setting {unknown[0]!r}; its settings are those of GET /api/train/form")
    settings = {name: json.dumps(value) for name, value in plan.settings.items() if name != "seed"}
    if plan.without is not None:
        settings["data.without"] = json.dumps(plan.without)
    seed = plan.settings.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise RecipeError(f"seed is a whole number; found {seed!r}")
    return library.plan(
        places.source(plan.data),
        net=plan.net,
        size=plan.size,
        label=plan.label or None,
        minutes=plan.minutes,
        images=plan.images,
        seed=seed,
        settings=settings,
        progress=progress,
        kind=plan.kind,
    )


def expected(places: Places, plan: wire.Plan, progress: Progress) -> wire.Expected:
    """What to expect of a plan. Raises as `planned` does."""
    from nonesuch.assembly import build_net

    recipe = planned(places, plan, progress)
    with torch.device("meta"):
        parameters = sum(each.numel() for each in build_net(recipe).parameters())
    remarks = library.remarks(recipe)
    if recipe.budget.minutes is None:
        words = ". ".join([f"{recipe.budget.images:,} pictures in all, repeats counted", *remarks])
        return wire.Expected(words=words, rate=None, pictures=recipe.budget.images, epochs=None, parameters=parameters)
    found = library.expect(recipe)
    words = found.words() if recipe.kind == "gan" else found.counts()
    return wire.Expected(
        words=". ".join([words, *remarks]),
        rate=found.rate,
        pictures=found.pictures,
        epochs=found.epochs,
        parameters=parameters,
    )


def made(places: Places, plan: wire.Plan, progress: Progress) -> RunFolder:
    """A new run folder with the recipe of a plan in it. Raises as `planned` does, MachineError."""
    recipe = planned(places, plan, progress)
    folder = Store(places.runs).create_new(recipe.kind, plan.data)
    folder.write_recipe(recipe.model_dump(mode="json"))
    return folder
