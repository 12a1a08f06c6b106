"""Measuring a trained net on held-out pictures, and opening a run to look at what it learnt."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import lightning_fabric
import numpy as np
import torch
from torch import Tensor, nn

from nonesuch.assembly import Labelled, build_net, engine, reopen
from nonesuch.data.decode import Reject, Undecodable, decode, fit
from nonesuch.errors import DataError, RunError
from nonesuch.measure import charts, labels
from nonesuch.measure.labels import LabelsReport
from nonesuch.pixels import write_png
from nonesuch.recipe import Recipe, from_record
from nonesuch.runs import atomic, checkpoint, layout
from nonesuch.runs.store import RunFolder
from nonesuch.runs.weights import match
from nonesuch.training.classify import predict

SHOWN_RIGHT, SHOWN_WRONG = 12, 12
LARGEST_FILE = 256 << 20


@dataclass(frozen=True)
class Prediction:
    """What a classifier says of one picture: classes and their probabilities, most probable first."""

    name: str
    classes: tuple[str, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Examiner:
    """A classifier and the pictures it is measured on."""

    net: nn.Module
    engine: lightning_fabric.Fabric
    recipe: Recipe
    data: Labelled

    def measure(self, split: str, most: int | None = None) -> LabelsReport:
        """Figures on a split, or on its first `most` pictures."""
        pixels, targets = self.data.tensors(split)
        logits = logits_of(self.net, self.engine, self.recipe, pixels[:most])
        return labels.measure(logits, targets[:most], self.data.classes, self.recipe.seed)

    def report(self, run: Path, images_seen: int, seconds: float) -> LabelsReport:
        """Measure on the test split; write report.json, the confusion matrix and answers right and wrong."""
        pixels, targets = self.data.tensors("test")
        logits = logits_of(self.net, self.engine, self.recipe, pixels)
        report = labels.measure(logits, targets, self.data.classes, self.recipe.seed)
        head = {"kind": "labels", "split": "test", "images_seen": images_seen, "seconds": round(seconds, 3)}
        RunFolder(run).write_report({**head, "figures": report.figures(), **report.to_json()})
        atomic.make_folder(run / layout.PICTURES)
        write_png(run / layout.PICTURES / "confusion.png", charts.confusion_picture(report))
        write_png(run / layout.PICTURES / "answers.png", answers(pixels, targets, logits, self.data.classes))
        return report


def logits_of(net: nn.Module, fabric: lightning_fabric.Fabric, recipe: Recipe, pixels: Tensor) -> Tensor:
    """Log-probabilities of packed pictures; whether the net is training is left as it was found."""
    training = net.training
    net.eval()
    try:
        with fabric.autocast():
            return predict(net, pixels, recipe.train.test_views, device=recipe.machine.device)
    finally:
        net.train(training)


def answers(pixels: Tensor, targets: Tensor, logits: Tensor, classes: tuple[str, ...]) -> np.ndarray:
    """A picture of right answers, evenly spread, and of the most confident wrong ones."""
    chosen = labels.worst_mistakes(logits, targets, SHOWN_WRONG)
    right = (logits.argmax(1) == targets).nonzero().flatten()
    spread = right[torch.linspace(0, len(right) - 1, min(SHOWN_RIGHT, len(right))).long()] if len(right) else right
    rows = torch.cat([spread, torch.as_tensor(chosen, dtype=torch.int64)])
    best = logits[rows].softmax(1).max(1)
    return charts.answers_picture(
        pixels[rows].permute(0, 2, 3, 1).contiguous().numpy(),
        [classes[int(target)] for target in targets[rows]],
        [classes[int(index)] for index in best.indices],
        best.values.tolist(),
    )


class Run:
    """A trained run, opened to be asked: `ns.open_run("runs/...").predict(["cat.jpg"])`."""

    def __init__(self, folder: RunFolder) -> None:
        """Raises RunError when there is no whole snapshot yet, or it does not fit the recipe."""
        self.folder = folder
        self.recipe: Recipe = from_record(folder.recipe())
        found = checkpoint.latest(folder.path, ("model", "ema"))
        if found is None:
            raise RunError(f"{layout.shown(folder.path)} has no snapshot yet; train it first")
        self.images_seen, self.seconds = found.images_seen, checkpoint.number(found, "seconds")
        self.net = build_net(self.recipe)
        if "ema" in found.tensors:
            state = found.tensors["ema"]
        else:
            prefix = "net."
            state = {name.removeprefix(prefix): tensor for name, tensor in found.tensors["model"].items()}
        match(self.net.state_dict(), state)
        self.net.load_state_dict(state)
        self.net.eval()

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the net's outputs."""
        return self.recipe.data.classes

    def report(self) -> dict[str, object] | None:
        """The last measurement, or None before the first."""
        return self.folder.report()

    def predict(self, files: Iterable[str | Path]) -> list[Prediction | Reject]:
        """Probabilities for each picture file, or why it could not be read."""
        fabric = engine(self.recipe.machine)
        return [self._predict_one(Path(file), fabric) for file in files]

    def _predict_one(self, file: Path, fabric: lightning_fabric.Fabric) -> Prediction | Reject:
        settings = self.recipe.data
        try:
            if not file.is_file():
                raise DataError("no such file")
            if file.stat().st_size > LARGEST_FILE:
                raise DataError(f"larger than {LARGEST_FILE >> 20} MB")
            picture = fit(decode(file.read_bytes()), settings.size, settings.fit, settings.channels)
        except (Undecodable, DataError, OSError) as error:
            return Reject(str(file), str(error))
        pixels = torch.from_numpy(picture[None].copy()).permute(0, 3, 1, 2)
        probabilities = logits_of(self.net, fabric, self.recipe, pixels)[0].exp()
        order = probabilities.argsort(descending=True).tolist()
        return Prediction(
            str(file),
            tuple(self.classes[index] for index in order),
            tuple(float(probabilities[index]) for index in order),
        )

    def evaluate(self) -> LabelsReport:
        """Measure on the held-out test pictures again, and store the report and its pictures."""
        examiner = Examiner(self.net, engine(self.recipe.machine), self.recipe, reopen(self.recipe.data))
        return examiner.report(self.folder.path, self.images_seen, self.seconds)
