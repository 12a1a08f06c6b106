"""Rows L3 and R11 in short; `tests/oracles/sequences.py` and `kill_studio.py` go on for longer."""

from collections.abc import Callable
from pathlib import Path

import pytest

from oracles import kill_studio, sequences

Row = Callable[[str, int], None]


def test_l3_any_order_of_acts_leaves_what_the_model_says(row: Row) -> None:
    assert sequences.run(sequences=12, steps=20, number=1) > 100
    row("L3 in short", 12)


def test_r11_a_killed_studio_loses_nothing_and_finds_its_trainer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Row
) -> None:
    monkeypatch.setenv("NONESUCH_CACHE", str(tmp_path / "cache"))
    found = kill_studio.battle(tmp_path, kills=4, seed=3, stub=True)
    assert found["faults"] == []
    assert found["messages"] > 4
    row("R11 in short", 4)
