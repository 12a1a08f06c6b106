"""Train a small CNN on the embedded pixel people and ask it about pictures. About a minute."""

import sys
from pathlib import Path

import nonesuch as ns
from nonesuch.training.events import Measured

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
folder = Path(sys.argv[2] if len(sys.argv) > 2 else "runs/example")

plan = ns.plan("pixelfolk", label="glasses", minutes=seconds / 60)
for event in ns.fit(plan, folder):
    if isinstance(event, Measured):
        print(f"{event.images_seen:>8,} images  {event.split}  accuracy {event.figures['accuracy']:.3f}")

run = ns.open_run(folder)
print("classes:", ", ".join(run.classes))
for answer in run.predict(sys.argv[3:]):
    print(answer)
