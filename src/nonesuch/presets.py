"""Good first settings for every net, as aligned tables: measured on the named data sets, see LOG."""

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import JsonValue, ValidationError

from nonesuch.data.augment import AugmentSpec
from nonesuch.errors import RecipeError
from nonesuch.recipe import (
    OBJECTIVES,
    BudgetSettings,
    DataSettings,
    Kind,
    NetSettings,
    Recipe,
    TrainSettings,
    first_complaint,
)
from nonesuch.training.adversarial import AdversarialSettings
from nonesuch.training.classify import ClassifySettings, Views
from nonesuch.training.diffaugment import groups_for
from nonesuch.training.optimizers import OptimizerName, OptimizerSettings
from nonesuch.training.reconstruct import ReconstructSettings
from nonesuch.training.schedule import ScheduleName


class Preset(NamedTuple):
    """How the weights of a net move. `decay` is weight decay, `half_life` in images is of the averaged weights."""

    kind: Kind
    batch: int
    optimizer: OptimizerName
    rate: float
    momentum: float
    decay: float
    bias_rate: float
    schedule: ScheduleName
    warm_up: float
    end: float
    half_life: float
    epochs: int


PRESETS: Mapping[str, Preset] = {
    #                     kind   batch  optim.   rate  mom.  decay   bias  schedule     warm  end   half-life epochs
    "linear":      Preset("cnn", 128,  "adamw", 1e-3, 0.9,  0.0,    1,    "one_cycle", 0.25, 0.0,  0,      10),
    "mlp":         Preset("cnn", 128,  "adamw", 2e-3, 0.9,  1e-2,   1,    "one_cycle", 0.25, 0.0,  0,      15),
    "lenet1":      Preset("cnn", 64,   "adamw", 3e-3, 0.9,  0.0,    1,    "one_cycle", 0.25, 0.0,  0,      15),
    "lenet4":      Preset("cnn", 64,   "adamw", 3e-3, 0.9,  0.0,    1,    "one_cycle", 0.25, 0.0,  0,      15),
    "lenet5":      Preset("cnn", 64,   "adamw", 3e-3, 0.9,  0.0,    1,    "one_cycle", 0.25, 0.0,  0,      20),
    "lecture":     Preset("cnn", 128,  "adamw", 3e-3, 0.9,  1e-2,   1,    "one_cycle", 0.25, 0.0,  0,      15),
    "fast":        Preset("cnn", 1000, "muon",  0.20, 0.6,  2.4e-3, 64,   "triangle",  0.0,  0.0,  0,       8),
    "autoencoder": Preset("vae", 128,  "adam",  2e-3, 0.9,  0.0,    1,    "one_cycle", 0.10, 0.01, 12_000, 20),
    "modern":      Preset("gan", 64,   "adam",  1e-3, 0.0,  0.0,    1,    "cosine",    0.0,  0.05, 32_000, 25),
    "classic":     Preset("gan", 64,   "adam",  2e-4, 0.5,  0.0,    1,    "constant",  0.0,  0.0,  0,      25),
}  # fmt: skip
BETA2 = {"classic": 0.999}
"""Adam's second momentum where it is not 0.99: the DCGAN paper's."""
AUTOENCODER: Mapping[str, JsonValue] = {"activation": "silu", "finest": "picture"}
"""1.7 nats of MNIST better picture for picture, and a fifth cheaper, than LeakyReLU and maps (LOG, 2026-11-24)."""
WIDTHS = (16, 24, 32, 48, 64)
"""Of `modern`, from which the minutes choose: maps in the finest layers, four times as many in the coarsest."""
ENOUGH_PICTURES = 180_000
"""Below so many pictures shown, a thinner `modern` that sees more of them draws better (LOG, 2026-11-24)."""
PENALTY = 0.2
"""Of `modern`, R1 + R2 every 8 steps: Frechet distance 0.48 on Fashion-MNIST, none 1.41, 1.0 0.88 (LOG, 2026-11-24)."""
STAGES = (
    (100_000, "mostly whole"),
    (25_000, "recognisable, some of them torn"),
    (8_000, "rough shapes of the right kind"),
    (0, "blurs"),
)
"""What `modern` drew of clothes after so many pictures, 32x32, by its previews."""
DEFAULT_NET: Mapping[Kind, str] = {"cnn": "lecture", "ae": "autoencoder", "vae": "autoencoder", "gan": "modern"}


def preset(
    kind: Kind,
    data: DataSettings,
    net: str,
    pictures: int,
    seed: int = 0,
    images: int | None = None,
    minutes: float | None = None,
    flip: bool = False,
) -> Recipe:
    """The recipe of a net for `pictures` training pictures; without a budget, the preset's epochs.

    `flip`: a mirrored picture still shows the same thing (faces: yes; digits: no). Only classifiers are shown mirrored
    pictures then, and shifts by a sixteenth of the picture: a net that draws would learn to draw mirrored ones too, and
    half-mirrored clothes are 21 from real ones in Frechet distance (LOG, 2026-11-24).
    Raises RecipeError for a net that is not of this kind, two budgets, or a value out of range.
    """
    row = PRESETS.get(net)
    if row is None or OBJECTIVES[row.kind] != OBJECTIVES[kind]:
        fitting = ", ".join(name for name, found in PRESETS.items() if OBJECTIVES[found.kind] == OBJECTIVES[kind])
        raise RecipeError(f"no net for {kind} is called {net!r}; the nets are {fitting}")
    if images is not None and minutes is not None:
        raise RecipeError(
            f"a budget is either images or minutes; found {images} images and {minutes} minutes: give one"
        )
    if images is None and minutes is None:
        images = row.epochs * pictures
    sees = AugmentSpec()
    if kind == "cnn":
        sees = AugmentSpec(flip="alternating" if flip else False, shift=min(data.size) // 16)
    try:
        return Recipe(
            kind=kind,
            seed=seed,
            data=data,
            # AE and VAE are one net; a flag tells them apart.
            net=NetSettings(
                name=net, options={**AUTOENCODER, "gaussian": kind == "vae"} if net == "autoencoder" else {}
            ),
            objective=_objective(kind, net, data, pictures, flip),
            train=TrainSettings(
                batch=min(row.batch, max(1, pictures // 4)),
                optimizer=OptimizerSettings(
                    name=row.optimizer,
                    rate=row.rate,
                    momentum=row.momentum,
                    beta2=BETA2.get(net, 0.99),
                    weight_decay=row.decay,
                    bias_rate=row.bias_rate,
                ),
                schedule=row.schedule,
                warm_up=row.warm_up,
                end_rate=row.end,
                ema_half_life=row.half_life,
                augment=sees,
            ),
            budget=_budget(images, minutes),
        )
    except ValidationError as error:
        raise RecipeError(first_complaint(error)) from None


def _objective(
    kind: Kind, net: str, data: DataSettings, pictures: int, flip: bool
) -> ClassifySettings | ReconstructSettings | AdversarialSettings:
    if kind == "cnn":
        views: Views = "mirror+shift" if net == "fast" and flip else "one"
        return ClassifySettings(label_smoothing=0.2 if net == "fast" else 0.0, test_views=views)
    if kind == "gan":
        if net != "modern":
            return AdversarialSettings(loss="bce")
        return AdversarialSettings(loss="bce", penalty=PENALTY, augment=groups_for(pictures, data.channels))
    return ReconstructSettings()


def _budget(images: int | None, minutes: float | None) -> BudgetSettings:
    try:
        return BudgetSettings(images=images, minutes=minutes)
    except ValidationError as error:
        raise RecipeError(first_complaint(error, "budget")) from None
