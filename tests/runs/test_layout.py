"""Names in a run folder."""

from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from nonesuch.errors import RunError
from nonesuch.runs import layout

NOW = datetime(2026, 11, 23, 14, 30, 5)


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        ("pixelfolk", "pixelfolk"),
        ("My Pictures_2", "my-pictures-2"),
        ("Köln", "koln"),
        ("日本", "data"),
        ("../../etc", "etc"),
    ],
)
def test_an_id_holds_time_kind_and_data(data: str, slug: str) -> None:
    run_id = layout.new_id("cnn", data, NOW, Random(1))
    assert run_id.startswith(f"20261123-143005-cnn-{slug}-")
    assert layout.is_id(run_id)
    assert layout.is_name(run_id)
    assert layout.split_id(run_id) == ("cnn", slug)


def test_ids_differ_by_their_random_end_and_repeat_with_the_generator() -> None:
    rng = Random(2)
    assert len({layout.new_id("vae", "x", NOW, rng) for _ in range(100)}) == 100
    assert layout.new_id("vae", "x", NOW, Random(3)) == layout.new_id("vae", "x", NOW, Random(3))


def test_a_long_data_name_is_cut() -> None:
    assert len(layout.new_id("gan", "a b" * 500, NOW, Random(4))) <= 75


@pytest.mark.parametrize("kind", ["", "CNN", "a/b", "x" * 13])
def test_an_odd_kind_is_a_mistake_of_the_caller(kind: str) -> None:
    with pytest.raises(ValueError, match="kind"):
        layout.new_id(kind, "data", NOW, Random(5))


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a/b", "/etc", "a\\b", ".hidden", "-rf", "a\nb", "a\0b", "ü", "a" * 101, "a b", "x%2e", "run\n"],
)
def test_what_is_no_name_is_no_id_either(text: str) -> None:
    assert not layout.is_name(text)
    assert not layout.is_id(text)


def test_ids_are_matched_whole() -> None:
    run_id = layout.new_id("cnn", "x", NOW, Random(6))
    for wrong in (run_id + "\n", run_id + "x", "x" + run_id, run_id.upper(), run_id[:-1]):
        assert not layout.is_id(wrong)


def test_images_names_sort_as_numbers() -> None:
    numbers = [0, 9, 10, 128, 99_999, 100_000, 10**12 - 1]
    assert sorted(map(layout.images_name, numbers)) == [layout.images_name(n) for n in numbers]
    for wrong in (-1, 10**12):
        with pytest.raises(ValueError, match="images seen"):
            layout.images_name(wrong)


def test_only_well_named_snapshots_and_previews_are_listed(tmp_path: Path) -> None:
    for name in ("000000000256", "000000000128", ".tmp-ab-000000000512", "128", "000000000128.old"):
        (tmp_path / "snapshots" / name).mkdir(parents=True)
    (tmp_path / "previews").mkdir()
    for name in ("000000000064.png", "000000000032.png", "000000000064.jpg", "x.png"):
        (tmp_path / "previews" / name).touch()
    assert layout.snapshots(tmp_path) == [128, 256]
    assert layout.previews(tmp_path) == [32, 64]
    assert layout.snapshots(tmp_path / "none") == []


@pytest.mark.parametrize("found", [None, 0, -1, True, "1", 1.0])
def test_a_schema_that_is_no_version_is_damage(found: object) -> None:
    with pytest.raises(RunError, match="damaged"):
        layout.check_schema({"schema_version": found}, "recipe.json")


def test_a_newer_schema_names_both_versions() -> None:
    layout.check_schema({"schema_version": 1}, "recipe.json")
    with pytest.raises(RunError, match=r"schema 7; this one reads up to 1.*update"):
        layout.check_schema({"schema_version": 7}, "recipe.json")


def test_shown_is_one_short_printable_line() -> None:
    assert layout.shown("plain ü") == "plain ü"
    assert layout.shown("a\nb\x1b[31m\ud800") == "a\\nb\\x1b[31m\\ud800"
    assert len(layout.shown("\n" * 10_000)) == 300
