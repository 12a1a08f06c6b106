"""Finds directions of a run's latent space by one of six methods."""

from nonesuch.studio.wire.latent import Directions, DirectionsAsked
from nonesuch.studio.work.desk import Desk


def do(asked: DirectionsAsked, desk: Desk) -> Directions:
    """Find; raises RecipeError for a label or a number of directions that there are not, RunError for a classifier."""
    from nonesuch.evaluation.directions import Space
    from nonesuch.evaluation.run import Run
    from nonesuch.studio.walking import told

    desk.say(0, 0, "opening the net")
    space = Space(Run(desk.places.run(asked.run)))
    if asked.label is not None:
        desk.say(0, 0, "learning to read the labels off pictures: up to a minute the first time")
        found = [space.towards(asked.method, asked.label)]
    else:
        desk.say(0, 0, "looking at 4 000 codes")
        found = space.find(asked.method, min(asked.count, space.net.latent))
    return Directions(directions=[told(each) for each in found])
