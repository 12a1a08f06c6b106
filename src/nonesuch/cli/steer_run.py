"""`nonesuch steer`: a wish for a training that runs, written into its folder, whoever trains there."""

import sys
from pathlib import Path

from pydantic import ValidationError

from nonesuch.errors import RecipeError
from nonesuch.recipe import first_complaint
from nonesuch.runs import control
from nonesuch.runs.store import Store
from nonesuch.training.wishes import parse

NUMBERS = {"rate": "factor", "slow": "seconds", "step": "count"}
"""What the number behind a word means."""
WORDS = ("pause", "resume", "stop", "save", *NUMBERS)


def steer(runs: Path, run: str, word: str, number: float | None, phase: str | None) -> None:
    """Write the wish down. Raises RunError, or RecipeError for words that are no wish."""
    if word not in WORDS:
        raise RecipeError(f"no wish is called {word!r}; a training can be told to {', '.join(WORDS)}")
    fields: dict[str, object] = {"wish": word}
    if number is not None:
        if word not in NUMBERS:
            raise RecipeError(f"{word} takes no number; found {number:g}")
        fields[NUMBERS[word]] = int(number) if word == "step" and number == int(number) else number
    if phase is not None:
        fields["phase"] = phase
    try:
        wish = parse.validate_python(fields)
    except ValidationError as error:
        raise RecipeError(first_complaint(error).partition(";")[0].replace(f"{word}.", f"{word}: ")) from None
    folder = Store(runs).open(run)
    control.ask(folder.path, wish)
    if not folder.is_alive():
        print(f"nobody trains {folder.id} now; who does next will hear it first", file=sys.stderr)
