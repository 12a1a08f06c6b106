"""Tries a few steps of a plan, and says what to expect of it; the pictures are packed first where they are not."""

from nonesuch.studio.wire.train import Expected, Plan
from nonesuch.studio.work.desk import Desk

TRYING = "trying a few steps"


def do(asked: Plan, desk: Desk) -> Expected:
    """Expect. Raises RecipeError, NetError, DataError."""
    desk.say(0, 0, "opening the pictures")
    from nonesuch.studio.planning import expected

    return expected(desk.places, asked, desk.packing(TRYING))
