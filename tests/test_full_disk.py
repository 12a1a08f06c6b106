"""A disk that takes files up to some size only, at every size that matters: nothing saved is harmed or lied about."""

import re
import shutil
from pathlib import Path

import pytest
import torch

from made_data import folder_of_bars
from made_runs import small, stopping
from nonesuch import session
from nonesuch.errors import MachineError
from nonesuch.recipe import Recipe
from nonesuch.runs import checkpoint, layout
from nonesuch.runs.store import open_or_create
from nonesuch.training.events import Event, Noted, Snapshotted
from oracles.limits import file_size_limit

BEGUN, WHOLE, STEP = 64, 160, 16
SIZES = 22
SAID = re.compile(r"cannot write .*(larger than this process may write|File too large)")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, Path, dict[str, torch.Tensor]]:
    """A recipe, a run that was stopped after BEGUN images, and the weights of one that was never stopped."""
    folder = tmp_path_factory.mktemp("disk")
    recipe = small(folder_of_bars(folder / "bars", 120), "cnn", images=WHOLE, snapshot_images=str(2 * STEP))
    list(session.fit(recipe, open_or_create(folder / "whole").path))
    made = open_or_create(folder / "begun")
    list(session.fit(recipe, made.path, stopping(BEGUN // STEP)))
    return recipe, made.path, _newest(folder / "whole").tensors["model"]


def _newest(run: Path) -> checkpoint.Snapshot:
    found = checkpoint.latest(run)
    assert found is not None
    return found


def _largest(run: Path) -> int:
    return max(path.stat().st_size for path in run.rglob("*") if path.is_file())


@pytest.mark.parametrize("place", range(SIZES))
def test_a_disk_with_room_for_small_files_only(
    begun: tuple[Recipe, Path, dict[str, torch.Tensor]], tmp_path: Path, place: int
) -> None:
    recipe, stopped, wanted = begun
    # From no byte at all to room for everything; small sizes lie closer, as most files are small.
    most = round(1.1 * _largest(stopped) * (place / (SIZES - 1)) ** 3)
    run = tmp_path / "run"
    shutil.copytree(stopped, run)
    events: list[Event] = []
    said: list[str] = []
    with file_size_limit(most):
        try:
            events.extend(session.fit(recipe, run))
        except MachineError as error:
            said = [str(error)]
    said += [event.message for event in events if isinstance(event, Noted) and event.signal == "disk"]
    assert not [words for words in said if not SAID.search(words) or "\n" in words]
    assert bool(said) == (most < _largest(stopped))
    found = _newest(run)
    assert found.damaged == ()
    claimed = [event.images_seen for event in events if isinstance(event, Snapshotted)]
    assert found.images_seen == max([BEGUN, *claimed])
    list(session.fit(recipe, run))  # there is room again
    last = _newest(run)
    assert last.images_seen == WHOLE
    assert all(torch.equal(last.tensors["model"][name], tensor) for name, tensor in wanted.items())
    assert not list(run.rglob(f"{layout.TEMPORARY}*"))
