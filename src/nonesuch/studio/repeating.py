"""Questions about a run that need long work: the same one again, of the same weights, gives the task that there is."""

from nonesuch.runs import layout
from nonesuch.studio.studio import Studio
from nonesuch.studio.wire.network_tasks import OfRun
from nonesuch.studio.wire.tasks import TaskLine


def repeated(studio: Studio, work: str, asked: OfRun) -> TaskLine:
    """Begin, unless just this is under way or done. Raises MissingError, BusyError, MachineError."""
    run = studio.run(asked.run)
    newest = layout.snapshots(run.path)[-1:]
    question = asked.model_copy(update={"moment": newest[0] if newest else 0})
    document = question.model_dump(mode="json")
    for line in reversed(studio.tasks.known()):
        if line.work == work and line.state in ("running", "done") and studio.tasks.detail(line.id).asked == document:
            return line
    return studio.tasks.start(work, question)
