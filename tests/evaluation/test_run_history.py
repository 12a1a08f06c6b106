"""Looking back at a run: its moments, its net then, and what a frame says, for each kind of run."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from conftest import Call, MadeRuns
from made_data import folder_of_bars
from made_runs import SMALL
from nonesuch import library
from nonesuch.errors import DataError, NetError, RunError
from nonesuch.evaluation.history import at, frame, frames, moments, pinned, watched
from nonesuch.evaluation.run import Run
from nonesuch.pixels import to_signed
from nonesuch.recipe import Kind

KINDS: tuple[Kind, ...] = ("cnn", "ae", "vae", "gan")


def copied(run: Run, where: Path) -> Run:
    shutil.copytree(run.folder.path, where)
    return library.open_run(where)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_can_be_looked_back_at(made_runs: MadeRuns, kind: Kind) -> None:
    run = made_runs(kind)
    found = moments(run)
    assert found == (0, 16, 32, 48, 64, 80, 112, 128, 160)
    past = at(run, 64)
    assert past.images_seen == 64
    assert at(run, 160) is run
    moved = [
        not torch.equal(before, after)
        for before, after in zip(past.net.parameters(), run.net.parameters(), strict=True)
        if after.requires_grad
    ]
    assert any(moved)
    picture = pinned(run)
    each = frame(past, picture, seeds=range(3))
    assert each.images_seen == 64
    assert (each.probabilities is not None) == (kind == "cnn")
    assert (each.samples is not None) == (kind != "cnn")
    assert (each.filters is not None) == (kind != "gan")
    assert (each.redrawn is not None) == (kind in ("ae", "vae"))


def test_a_moment_answers_as_the_net_did_then(made_runs: MadeRuns, tmp_path: Path) -> None:
    """The slow way: training that stops there."""
    run = made_runs("cnn")
    early = library.train(run.recipe.model_copy(update={"budget": run.recipe.budget}), tmp_path / "again")
    assert torch.equal(early.net.conv1.weight, run.net.conv1.weight)
    events = library.fit(run.recipe, tmp_path / "short")
    for event in events:
        if event.images_seen == 64 and event.kind == "stepped":
            break
    events.close()
    short, past = library.open_run(tmp_path / "short"), at(run, 64)
    picture = pinned(run)
    assert picture is not None
    with torch.no_grad():
        then, now = (each.net(to_signed(picture)) for each in (short, past))
    torch.testing.assert_close(now, then, rtol=0, atol=0.01)  # weights are kept to 11 bits
    shown = frame(past, picture)
    assert shown.probabilities is not None
    torch.testing.assert_close(shown.probabilities, then[0].softmax(0), rtol=0, atol=0.005)
    assert shown.maps is not None
    with torch.no_grad():
        torch.testing.assert_close(shown.maps, past.net.conv1(to_signed(picture))[0])


def test_samples_of_a_moment_are_those_the_run_would_draw(made_runs: MadeRuns) -> None:
    run = made_runs("gan")
    found = frames(run, None, seeds=range(4))
    last = found[-1].samples
    assert last is not None
    assert np.array_equal(last, run.sample(range(4)))
    assert found[0].samples is not None
    assert not np.array_equal(found[0].samples, last)
    assert np.array_equal(found[3].samples, at(run, found[3].images_seen).sample(range(4)))  # type: ignore[arg-type]


def test_the_run_itself_is_left_as_it_is(made_runs: MadeRuns) -> None:
    run = made_runs("vae")
    before, drawn = {name: tensor.clone() for name, tensor in run.net.state_dict().items()}, run.sample([1])
    frames(run, pinned(run))
    assert all(torch.equal(tensor, before[name]) for name, tensor in run.net.state_dict().items())
    assert np.array_equal(run.sample([1]), drawn)
    assert not any(module._forward_hooks for module in run.net.modules())


@pytest.mark.parametrize(("net", "seen"), [("linear", "templates"), ("mlp", "hidden1"), ("fast", "groups.0.conv1")])
def test_other_classifiers_too(net: str, seen: str, tmp_path: Path) -> None:
    data = folder_of_bars(tmp_path / "bars", 80)
    run = library.train(library.plan(data, net, images=32, settings=SMALL), tmp_path / "run")
    assert watched(run) == seen
    first, *_, last = frames(run, pinned(run))
    assert first.maps is not None
    assert (last.filters is None) == (net == "fast")  # its first convolution sees maps, not pictures
    if last.filters is not None:
        assert last.filters.shape[1:] == (3, 12, 12)


def test_what_cannot_be_looked_at_is_said(made_runs: MadeRuns, tmp_path: Path) -> None:
    run = copied(made_runs("cnn"), tmp_path / "run")
    with pytest.raises(NetError, match="no layer that sees pictures is called 'conv9'; found: conv1, norm1"):
        frame(run, pinned(run), "conv9")
    with pytest.raises(DataError, match="no such file"):
        pinned(run, tmp_path / "none.png")
    with pytest.raises(RunError, match="sees no pictures"):
        pinned(made_runs("gan"), tmp_path / "none.png")
    with pytest.raises(RunError, match="no frame at 17 images"):
        at(run, 17)
    (run.folder.path / "history" / "000000000016.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(RunError, match="damaged"):
        frames(run, pinned(run))
    shutil.rmtree(run.folder.path / "history")
    with pytest.raises(RunError, match="has no history"):
        frames(run, pinned(run))


def test_frames_beyond_the_newest_snapshot_are_left_out(made_runs: MadeRuns, tmp_path: Path) -> None:
    run = copied(made_runs("cnn"), tmp_path / "run")
    folder = run.folder.path / "history"
    shutil.copy(folder / "000000000128.safetensors", folder / "000000009999.safetensors")
    assert moments(run)[-1] == 160


@pytest.mark.parametrize("kind", KINDS)
def test_films_strips_and_folders(made_runs: MadeRuns, call: Call, kind: Kind, tmp_path: Path) -> None:
    run = made_runs(kind).folder.path
    code, out, _ = call("history", run, "--out", tmp_path / "film.gif", "--speed", 5)
    assert code == 0
    assert out.startswith("9 moments, 0 to 160 images seen")
    with Image.open(tmp_path / "film.gif") as film:
        assert sum(1 for _ in ImageSequence.Iterator(film)) >= 9  # the rest at the end may be one long frame
    assert call("history", run, "--out", tmp_path / "strip.png")[0] == 0
    with Image.open(tmp_path / "strip.png") as strip:
        assert strip.size[1] > 9 * 48
    assert call("history", run, "--out", tmp_path / "pages")[0] == 0
    assert len(sorted((tmp_path / "pages").glob("*.png"))) == 9


def test_a_picture_of_ones_own_is_watched(made_runs: MadeRuns, call: Call, tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (30, 20, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "me.png")
    run = made_runs("cnn").folder.path
    assert call("history", run, tmp_path / "me.png", "--layer", "norm2", "--out", tmp_path / "film.gif")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--speed", "0"], "up to 50 moments a second; found 0"),
        (["--out", "film.mp4"], "as .gif, .png or a folder of frames; found film.mp4"),
        (["none.png"], "no such file"),
        (["--layer", "conv9"], "no layer that sees pictures is called 'conv9'"),
    ],
)
def test_refused_in_one_line(made_runs: MadeRuns, call: Call, words: list[str], said: str) -> None:
    code, _, err = call("history", made_runs("cnn").folder.path, *words)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1
