"""nonesuch as a script uses it: plan, then iterate the events of a whole run, its log and snapshots included.

Augmentation, weight decay and the held-out split are switched off, since no other contender has them.
Snapshots are counted in images (about one a minute), as the clock also runs while others take their turns.
"""

import argparse
from pathlib import Path

from lecture_task import BATCH
from turns import Turns

import nonesuch as ns

SAME_TASK = {
    "train.batch": str(BATCH),
    "train.augment.flip": "false",
    "train.augment.shift": "0",
    "train.optimizer.name": "adamw",
    "train.optimizer.weight_decay": "0",
    "data.val_share": "0",
    "snapshot_images": "150000",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True, help="folder for the run")
    settings = parser.parse_args()
    recipe = ns.plan(settings.data, net="lecture", images=10**9, settings=SAME_TASK)
    turns = Turns()
    for event in ns.fit(recipe, settings.scratch / "run"):
        if event.kind == "stepped":
            turns.step(recipe.train.batch)


if __name__ == "__main__":
    main()
