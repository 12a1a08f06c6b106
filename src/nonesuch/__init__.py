"""nonesuch: from a folder of pictures to a trained net you can look into.

    import nonesuch as ns

    run = ns.train(ns.plan("pixelfolk", minutes=2))
    print(run.report()["figures"], run.predict(["me.png"]))

Nothing is loaded before it is used: `import nonesuch` takes milliseconds, torch comes with the first call for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nonesuch.data.open import open_data as open_data
    from nonesuch.errors import NonesuchError as NonesuchError
    from nonesuch.evaluation.run import Run as Run
    from nonesuch.library import export as export
    from nonesuch.library import fit as fit
    from nonesuch.library import open_run as open_run
    from nonesuch.library import plan as plan
    from nonesuch.library import train as train
    from nonesuch.recipe import Recipe as Recipe

__version__ = "0.1.0"
__all__ = ["NonesuchError", "Recipe", "Run", "__version__", "export", "fit", "open_data", "open_run", "plan", "train"]

_HOMES = {
    "NonesuchError": "nonesuch.errors",
    "Recipe": "nonesuch.recipe",
    "Run": "nonesuch.evaluation.run",
    "export": "nonesuch.library",
    "fit": "nonesuch.library",
    "open_data": "nonesuch.data.open",
    "open_run": "nonesuch.library",
    "plan": "nonesuch.library",
    "train": "nonesuch.library",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'nonesuch' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
