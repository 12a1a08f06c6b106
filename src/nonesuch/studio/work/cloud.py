"""A map that takes longer than a click: by t-SNE or UMAP, or of a generator."""

from nonesuch.studio.wire.latent import Cloud, CloudAsked
from nonesuch.studio.work.desk import Desk


def do(asked: CloudAsked, desk: Desk) -> Cloud:
    """Lay out; raises RecipeError, DataError, and MachineError for UMAP where it is not installed."""
    from nonesuch.evaluation.run import Run
    from nonesuch.studio.walking import cloud

    desk.say(0, 0, f"laying out up to {asked.most} pictures")
    return cloud(Run(desk.places.run(asked.run)), asked.layout, asked.column, asked.most)
