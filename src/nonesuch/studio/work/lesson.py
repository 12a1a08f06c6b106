"""Random kernels learn by gradient descent what a chain, or a kernel of a person's own, does to a picture."""

from nonesuch.studio.wire.kernels import LessonAsked, LessonDone
from nonesuch.studio.work.desk import Desk


def do(asked: LessonAsked, desk: Desk) -> LessonDone:
    """Learn; raises NetError for a chain that cannot be learnt, RecipeError, MissingError, DataError."""
    from nonesuch.studio import kernels

    return kernels.taught(asked, desk)
