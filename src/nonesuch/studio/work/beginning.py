"""Makes the run folder of a plan, ready to be trained; the pictures are packed first where they are not."""

from nonesuch.studio.wire.train import Begun, Plan
from nonesuch.studio.work.desk import Desk


def do(asked: Plan, desk: Desk) -> Begun:
    """Make it. Raises RecipeError, NetError, DataError, MachineError."""
    desk.say(0, 0, "opening the pictures")
    from nonesuch.studio.planning import made

    return Begun(run=made(desk.places, asked, desk.packing("settling the net")).id)
