"""How long to train: by images, or by minutes. Either way schedules see one number, the used-up share."""

from dataclasses import dataclass

from nonesuch.errors import RecipeError


@dataclass(frozen=True)
class Budget:
    """A limit in images or in seconds (exactly one of them).

    By images, the used-up share is a function of images seen alone, so a run repeats bit for bit. By time it follows
    the clock: a machine that slows down half-way gets a schedule that still ends at its end, and on time.
    """

    images: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if (self.images is None) == (self.seconds is None):
            raise RecipeError("a budget is either images or minutes: found both or neither; give one of them")
        if (self.images or self.seconds or 0) <= 0:
            raise RecipeError(f"a budget must be above 0: found {self.images or self.seconds}; give more")

    def fraction(self, images_seen: int, seconds: float) -> float:
        """Share of the budget used, in [0, 1]."""
        used = images_seen / self.images if self.images else seconds / (self.seconds or 1.0)
        return min(1.0, used)
