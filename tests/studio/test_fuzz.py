"""Row L1 in short: schemathesis asks every operation a few things; `tests/oracles/fuzz_api.py` asks ten thousand."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from made_studio import BEARER, ORIGIN, PORT, TOKEN, made_places
from nonesuch.studio import jobs, tasks
from nonesuch.studio.app import create_app
from nonesuch.studio.gate import Address
from nonesuch.studio.studio import Studio

EXAMPLES = 6
ELSEWHERE = [ignored_auth, positive_data_acceptance]
"""Checks left out here: the gate's own tests ask without a token; and an id of the right form may well be unknown."""
ORACLES = Path(__file__).parents[1] / "oracles"
Row = Callable[[str, int], None]


def test_l1_no_answer_is_outside_of_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Row) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ORACLES), *sys.path]))
    monkeypatch.setattr(jobs, "TRAINER", "tiny_job")
    monkeypatch.setattr(tasks, "WORKER", "tiny_work")
    studio = Studio(made_places(tmp_path), Address(PORT, TOKEN))
    app = create_app(studio)
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.app = app
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode:

            @settings(
                max_examples=EXAMPLES,
                derandomize=True,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: schemathesis.Case) -> None:
                nonlocal asked
                asked += 1
                case.call_and_validate(base_url=ORIGIN, headers=BEARER, excluded_checks=ELSEWHERE)

            ask()
    for line in studio.tasks.known():
        studio.tasks.cancel(line.id)
    studio.close()
    row("L1 in short", asked)
