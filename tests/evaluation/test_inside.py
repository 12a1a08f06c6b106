"""Looking into every kind of net: sides, what comes out, switches, and the pictures behind a confusion matrix."""

from pathlib import Path

import numpy as np
import pytest
import torch

from made_data import folder_of_bars
from made_runs import small, stopping
from nonesuch import library, session
from nonesuch.errors import NonesuchError
from nonesuch.evaluation import ablation, confusion, inside
from nonesuch.evaluation.inside import Switch
from nonesuch.evaluation.look import METHODS, maps, one_map
from nonesuch.evaluation.run import Run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A short run of each kind; that of the classifier is measured."""
    folder = tmp_path_factory.mktemp("runs")
    data = folder_of_bars(folder / "bars")
    for kind in ("cnn", "vae", "gan"):
        planned = small(data, kind, images=64)  # type: ignore[arg-type]
        (folder / kind).mkdir()
        library.folder_for(planned, folder / kind)
        list(session.fit(planned, folder / kind, stopping(10)))
    return {kind: library.open_run(folder / kind) for kind in ("cnn", "vae", "gan")}


def test_each_kind_has_its_sides_and_they_give_what_the_run_gives(runs: dict[str, Run], tmp_path: Path) -> None:
    assert [inside.names(run) for run in runs.values()] == [
        ("classifier",), ("encoder", "decoder"), ("generator", "critic")
    ]  # fmt: skip
    for kind, name in (("vae", "decoder"), ("gan", "generator")):
        side = inside.side(runs[kind], name, 7 % 4 if kind == "gan" else 0)  # type: ignore[arg-type]
        found = inside.inside(side, inside.from_seed(side, 7))
        drawn = inside.picture_of(runs[kind], found.output)
        assert np.abs(drawn.astype(int) - runs[kind].sample([7])[0].astype(int)).max() <= 1
    picture = np.random.default_rng(0).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    vae = inside.side(runs["vae"], "decoder")
    again = inside.inside(vae, inside.from_picture(runs["vae"], vae, picture))
    redrawn = runs["vae"].reconstruct(picture[None])[0]
    assert np.abs(inside.picture_of(runs["vae"], again.output).astype(int) - redrawn.astype(int)).max() <= 1
    critic = inside.side(runs["gan"], "critic")
    assert inside.inside(critic, inside.from_picture(runs["gan"], critic, picture)).output.shape == (1,)


def test_switched_units_are_silent_and_come_back(runs: dict[str, Run]) -> None:
    side = inside.side(runs["cnn"])
    given = torch.rand(3, 12, 12)
    before = inside.inside(side, given)
    off = inside.inside(side, given, (Switch("conv1", (1,)), Switch("conv2", (0, 2), 2.0)))
    named = {each.name: each.values for each in off.recorded}
    assert float(named["norm1"][1].abs().max()) == 0
    assert not torch.equal(off.output, before.output)
    assert torch.equal(inside.inside(side, given).output, before.output)
    with pytest.raises(NonesuchError, match="units 0 to 3"):
        inside.inside(side, given, (Switch("conv1", (9,)),))


def test_several_switches_lose_what_they_lose_together(runs: dict[str, Run]) -> None:
    every = ablation.effect(runs["cnn"], [("conv3", range(8), 0.0)])
    alone = ablation.ablate(runs["cnn"], "conv3", range(8))
    assert (every.after, every.before, every.lost) == (alone.after, alone.before, alone.lost)
    # A unit doubled and halved again is as it was.
    none = ablation.effect(runs["cnn"], [("conv3", [1], 2.0), ("conv3", [1], 0.5)])
    assert none.before == none.after


def test_cells_hold_the_pictures_that_the_report_counts(runs: dict[str, Run]) -> None:
    run = runs["cnn"]
    report = run.evaluate().to_json()
    counts, mistakes = report["confusion"], report["mistakes"]
    assert isinstance(counts, list)
    assert isinstance(mistakes, list)
    found = [confusion.answered(run, truth) for truth in range(len(run.classes))]
    assert [each.counts().tolist() for each in found] == counts
    for each in mistakes:
        called = dict(found[each["truth"]].called(each["answer"]))
        assert called[each["index"]] == pytest.approx(each["confidence"], abs=1e-5)
    sures = [sure for answer in range(4) for _, sure in found[0].called(answer)]
    assert len(sures) == sum(counts[0])
    with pytest.raises(NonesuchError, match="classes 0 to 3; found 4"):
        confusion.answered(run, 4)


def test_one_map_is_that_of_all(runs: dict[str, Run]) -> None:
    images, classes = torch.rand(2, 3, 12, 12), torch.tensor([0, 2])
    for method, expected in maps(runs["cnn"].net, images, classes, "leaky2").items():
        assert torch.equal(one_map(runs["cnn"].net, images, classes, method, "leaky2"), expected)
        assert method in METHODS
    with pytest.raises(NonesuchError, match="no layer with maps"):
        one_map(runs["cnn"].net, images, classes, "grad-cam")
