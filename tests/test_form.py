"""The form of a recipe: every setting of it is one that `--set` takes, within the limits that the recipe checks."""

import json
import math

import pytest

from nonesuch.errors import NetError, RecipeError
from nonesuch.form import PICTURED, PICTURED_COUNT, PLAIN, Setting, form, nets
from nonesuch.models import catalog
from nonesuch.presets import PRESETS, preset
from nonesuch.recipe import Kind, Recipe, change

KINDS: tuple[Kind, ...] = ("cnn", "ae", "vae", "gan")
ALL = [(kind, net) for kind in KINDS for net in nets(kind)]


def recipe(kind: Kind, net: str) -> Recipe:
    return preset(kind, PICTURED, net, PICTURED_COUNT)


def changed(kind: Kind, net: str, name: str, value: object) -> None:
    """Raises unless both the recipe and the net take the value."""
    new = change(recipe(kind, net), {name: json.dumps(value)})
    catalog.configure(net, catalog.NETS[net].config, new.net.options)


def good(setting: Setting) -> list[object]:
    if setting.type == "choices":
        return [[], list(setting.choices)]
    if setting.type == "wholes":
        return [[8] * max(1, setting.count[0])]
    if setting.type in ("choice", "yes_no"):
        return list(setting.choices) or [True, False]
    step = 1 if setting.type == "whole" else 1e-3
    least = 1.0 if setting.least is None else setting.least + step * setting.above
    most = least + step if setting.most is None else setting.most - step * setting.below
    return [int(least), int(most)] if setting.type == "whole" else [least, most]


def bad(setting: Setting) -> list[object]:
    found: list[object] = [{"a": 1}]
    if setting.type in ("whole", "number"):
        if setting.least is not None:
            found.append(setting.least if setting.above else setting.least - 1)
        if setting.most is not None:
            found.append(setting.most if setting.below else setting.most + 1)
    if setting.type == "choice":
        found.append("something else")
    if setting.type == "wholes":
        found += [[0], []]
    return found


@pytest.mark.parametrize(("kind", "net"), ALL)
def test_every_setting_is_one_that_the_recipe_takes_within_the_limits_it_checks(kind: Kind, net: str) -> None:
    for setting in form(kind, net):
        changed(kind, net, setting.name, setting.default)
        together = {"objective.perceptual", "objective.importance_samples", "objective.beta", "objective.free_bits"}
        for value in good(setting) if setting.name not in together else ():
            changed(kind, net, setting.name, value)
        for value in bad(setting):
            with pytest.raises((RecipeError, NetError), match=setting.name.split(".")[-1]):
                changed(kind, net, setting.name, value)


@pytest.mark.parametrize(("kind", "net"), ALL)
def test_every_setting_has_a_line_of_help_and_a_default_of_its_type(kind: Kind, net: str) -> None:
    settings = form(kind, net)
    assert len({setting.name for setting in settings}) == len(settings)
    for setting in settings:
        assert 10 < len(setting.help) < 110, setting.name
        assert "\n" not in setting.help
        if setting.type in ("whole", "number") and setting.default is not None:
            assert isinstance(setting.default, int | float)
            assert (setting.least or -math.inf) <= setting.default <= (setting.most or math.inf)
    plain = [setting.name for setting in settings if not setting.advanced]
    assert plain == [name for name in PLAIN if name in plain]
    assert [setting.name for setting in settings][: len(plain)] == plain
    assert {"train.batch", "train.optimizer.rate", "seed"} <= set(plain)


def test_defaults_are_those_of_the_net_s_own_preset() -> None:
    found = {setting.name: setting.default for setting in form("gan", "classic")}
    assert found["train.optimizer.rate"] == 2e-4
    assert found["train.optimizer.beta2"] == 0.999
    assert found["net.options.latent"] == 100
    assert found["objective.loss"] == "bce"
    assert found["objective.alternate"] == "batch"


def test_what_has_no_meaning_for_a_kind_is_left_out() -> None:
    assert "objective.beta" in {setting.name for setting in form("vae")}
    assert not {"objective.beta", "net.options.gaussian"} & {setting.name for setting in form("ae")}
    assert not [s for s in form("cnn") if s.name.startswith(("machine", "budget", "kind", "net.name", "data.source"))]


def test_the_limits_are_the_models_own() -> None:
    found = {setting.name: setting for setting in form("cnn", "lecture")}
    dropout = found["net.options.dropout"]
    assert (dropout.type, dropout.least, dropout.most, dropout.below) == ("number", 0.0, 1.0, True)
    rate = found["train.optimizer.rate"]
    assert (rate.least, rate.above, rate.most) == (0.0, True, None)
    assert found["net.options.widths"].count == (3, 3)
    assert found["train.augment.flip"].choices == (False, True, "alternating")
    assert found["train.schedule"].choices == ("constant", "cosine", "one_cycle", "triangle")


def test_nets_of_a_kind_begin_with_its_default() -> None:
    assert list(nets("gan")) == ["modern", "classic"]
    assert next(iter(nets("cnn"))) == "lecture"
    assert set(nets("cnn")) == {name for name, row in PRESETS.items() if row.kind == "cnn"}


def test_a_net_of_another_kind_is_refused() -> None:
    with pytest.raises(RecipeError, match="no net for vae is called 'modern'"):
        form("vae", "modern")
