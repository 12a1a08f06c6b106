"""`nonesuch sample`: new pictures of a run, as one grid or as files of their own."""

from pathlib import Path

from nonesuch.errors import RecipeError
from nonesuch.library import open_run
from nonesuch.pixels import grid, write_png

SHOWN_SIDE = 64
"""Pictures in a grid are enlarged by whole factors to about this side, so that 16 pixels can be seen."""
MOST = 10_000


def sample(
    root: Path,
    where: str,
    seed: int,
    count: int | None,
    shape: int | tuple[int, int] | None,
    named: str | None,
    mixture: bool,
    fast: bool,
    out: Path | None,
) -> None:
    """Write the pictures and print where they are."""
    run = open_run(where, root)
    rows, columns = (shape, shape) if isinstance(shape, int) else shape or (8, 8)
    wanted = rows * columns if count is None else count
    if not 1 <= wanted <= MOST:
        raise RecipeError(f"a call makes 1 to {MOST:,} pictures; found {wanted}: ask for fewer, and again")
    pictures = run.sample(range(seed, seed + wanted), named, mixture, fast)
    if count is None:
        scale = max(1, SHOWN_SIDE // pictures.shape[1])
        target = out or run.folder.path / "pictures" / f"samples-{seed}.png"
        write_png(target, grid(pictures, columns=columns, scale=scale))
        print(target)
        return
    target = out or run.folder.path / "pictures" / "samples"
    for number, picture in enumerate(pictures, seed):
        write_png(target / f"{number:06d}.png", picture)
    print(target)
