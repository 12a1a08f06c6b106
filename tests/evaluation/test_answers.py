"""The dozen pictures that are watched while a classifier learns."""

from pathlib import Path

import numpy as np
import pytest
import torch

from conftest import MadeRuns
from made_data import folder_of_bars
from made_runs import small
from nonesuch import library, session
from nonesuch.assembly import reopen
from nonesuch.errors import RunError
from nonesuch.evaluation import answers, history
from nonesuch.pixels import to_signed
from nonesuch.runs.store import open_or_create
from nonesuch.training.events import Stepped


def test_all_classes_are_watched_in_turn_and_always_the_same_pictures(made_runs: MadeRuns) -> None:
    run = made_runs("cnn")
    found = answers.watched(run)
    assert found.truth[:4].tolist() == [0, 1, 2, 3]
    assert found.split == "test"
    assert [int(reopen(run.recipe.data).rows["test"][place]) for place in found.places] == list(found.rows)
    assert len(set(found.rows)) == len(found.rows) == 12
    assert found.rows == answers.watched(library.open_run(run.folder.path)).rows
    assert answers.watched(run, 5).rows == found.rows[:5]


def test_what_it_says_is_what_the_net_computes_now_and_at_an_earlier_moment(made_runs: MadeRuns) -> None:
    run = made_runs("cnn")
    pictures = answers.watched(run)
    for past in (run, history.at(run, 16)):
        found = answers.answers(past, pictures)
        with torch.no_grad():
            logits = past.net(to_signed(torch.from_numpy(pictures.pictures).permute(0, 3, 1, 2)))
        torch.testing.assert_close(found.probabilities, logits.softmax(1), rtol=1e-4, atol=1e-5)
        assert found.right.tolist() == (logits.argmax(1) == pictures.truth).tolist()
        assert found.images_seen == past.images_seen


def test_only_a_classifier_answers(made_runs: MadeRuns) -> None:
    with pytest.raises(RunError, match="only a cnn"):
        answers.watched(made_runs("gan"))


def test_a_run_that_has_just_begun_is_opened_at_its_newest_frame(tmp_path: Path) -> None:
    recipe = small(folder_of_bars(tmp_path / "bars"), "cnn", images=320, snapshot_images="1000000")
    folder = open_or_create(tmp_path / "run")
    folder.write_recipe(recipe.model_dump(mode="json"))
    events = session.fit(recipe, folder.path)
    with pytest.raises(RunError, match="no snapshot yet"):
        library.open_run(folder.path)
    next(event for event in events if isinstance(event, Stepped) and event.images_seen == 64)
    run = library.open_run(folder.path)
    assert run.images_seen == 48
    assert np.isfinite(answers.answers(run, answers.watched(run)).probabilities.numpy()).all()
    events.close()
    assert library.open_run(folder.path).images_seen == 64
