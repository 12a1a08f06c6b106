"""Recipes: JSON and back, settings by dotted name, presets that build."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonesuch.errors import RecipeError
from nonesuch.models import catalog
from nonesuch.presets import PRESETS, preset
from nonesuch.recipe import DataSettings, Recipe, change, from_json
from nonesuch.training.adversarial import AdversarialSettings

DATA = DataSettings(source="somewhere", size=(28, 28), channels=1, classes=("a", "b"))


@pytest.mark.parametrize("net", PRESETS)
def test_every_preset_goes_to_json_and_back(net: str) -> None:
    recipe = preset(PRESETS[net].kind, DATA, net, 1000)
    assert from_json(recipe.to_json()) == recipe


def test_every_net_has_a_preset_and_every_preset_a_net() -> None:
    assert set(PRESETS) == set(catalog.NETS)


def test_a_net_of_another_kind_is_refused_with_those_that_fit() -> None:
    with pytest.raises(RecipeError, match="no net for gan is called 'lecture'; the nets are modern, classic"):
        preset("gan", DATA, "lecture", 1000)


def test_ae_and_vae_are_one_net_and_one_flag() -> None:
    point, gaussian = (preset(kind, DATA, "autoencoder", 1000) for kind in ("ae", "vae"))
    assert (point.net.options["gaussian"], gaussian.net.options["gaussian"]) == (False, True)
    assert point.net.options | {"gaussian": True} == gaussian.net.options


def test_a_kind_and_its_objective_belong_together() -> None:
    with pytest.raises(RecipeError, match="kind gan learns by 'adversarial', not by 'classify'"):
        change(preset("cnn", DATA, "lecture", 1000), {"kind": "gan"})


@given(st.integers(1, 10**6), st.floats(1e-6, 10), st.sampled_from(["sgd", "adam", "adamw"]))
def test_settings_reach_their_field_and_nothing_else(batch: int, rate: float, name: str) -> None:
    recipe = preset("cnn", DATA, "lecture", 1000)
    settings = {"train.batch": str(batch), "train.optimizer.rate": repr(rate), "train.optimizer.name": name}
    changed = change(recipe, settings)
    assert (changed.train.batch, changed.train.optimizer.rate, changed.train.optimizer.name) == (batch, rate, name)
    raw, before = json.loads(changed.to_json()), json.loads(recipe.to_json())
    raw["train"] = before["train"]
    assert raw == before


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"train.bach": "3"}, "did you mean 'train.batch'"),
        ({"nothing.at.all": "3"}, "no setting is called"),
        ({"train": "3"}, "group of settings"),
        ({"train.batch": "many"}, r"train\.batch"),
        ({"train.optimizer.rate": "-1"}, r"train\.optimizer\.rate"),
        ({"budget.minutes": "1"}, "either images or minutes"),
        ({"kind": "gan"}, "kind"),
    ],
)
def test_settings_that_do_not_fit_are_one_line(settings: dict[str, str], words: str) -> None:
    with pytest.raises(RecipeError, match=words) as error:
        change(preset("cnn", DATA, "lecture", 1000), settings)
    assert "\n" not in str(error.value)


def test_options_of_a_net_can_be_set() -> None:
    recipe = change(preset("cnn", DATA, "lecture", 1000), {"net.options.dropout": "0.2"})
    assert recipe.net.options == {"dropout": 0.2}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema_version": 1}'])
def test_a_text_that_is_no_recipe_is_a_recipe_error(text: str) -> None:
    with pytest.raises(RecipeError):
        from_json(text)


def test_a_newer_recipe_says_so() -> None:
    with pytest.raises(RecipeError, match="schema version 2"):
        from_json(json.dumps({**json.loads(_recipe().to_json()), "schema_version": 2}))


def test_few_pictures_get_a_batch_that_is_smaller_than_they_are_many() -> None:
    assert preset("cnn", DATA, "lecture", 40).train.batch == 10


def _recipe() -> Recipe:
    return preset("cnn", DATA, "lecture", 1000)


def test_the_modern_gan_pays_a_penalty_and_the_lectures_does_not() -> None:
    data = DataSettings(source="anywhere", size=(32, 32), channels=3, content="x")
    found = {net: preset("gan", data, net, 10_000).objective for net in ("modern", "classic")}
    assert all(isinstance(settings, AdversarialSettings) for settings in found.values())
    assert [settings.penalty for settings in found.values()] == [0.2, 0.0]  # type: ignore[union-attr]
