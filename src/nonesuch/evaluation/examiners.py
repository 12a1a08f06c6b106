"""Which examiner goes with which kind of run: one line a family."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from torch import nn

from nonesuch.assembly import Pictures
from nonesuch.evaluation.autoencoder import AutoencoderExaminer
from nonesuch.evaluation.classifier import ClassifierExaminer
from nonesuch.evaluation.examiner import Examiner
from nonesuch.evaluation.generator import GeneratorExaminer
from nonesuch.recipe import Kind, Recipe

if TYPE_CHECKING:
    from lightning_fabric import Fabric

EXAMINERS: Mapping[Kind, Callable[[nn.Module, "Fabric", Recipe, Pictures, nn.Module | None], Examiner]]
EXAMINERS = {
    "cnn": ClassifierExaminer,
    "ae": AutoencoderExaminer,
    "vae": AutoencoderExaminer,
    "gan": GeneratorExaminer,
}


def build(net: nn.Module, fabric: "Fabric", recipe: Recipe, data: Pictures, whole: nn.Module | None = None) -> Examiner:
    """The examiner of a net: classifier, autoencoder or generator. `whole`: all that trains, where that is at hand."""
    return EXAMINERS[recipe.kind](net, fabric, recipe, data, whole)
