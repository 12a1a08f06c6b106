"""Autoencoders, VAEs and GANs through the whole path: train, stop, go on, measure, sample, on small pictures."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from conftest import Call
from made_data import bars, folder_of_bars
from made_runs import NARROW, SMALL, small, stopping
from nonesuch import features, library, machine, seeds, session
from nonesuch.cli import app, show_runs
from nonesuch.data.items import Reject
from nonesuch.errors import DivergedError, RecipeError, RunError
from nonesuch.evaluation import sampling
from nonesuch.evaluation.run import Probability, Run
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.gan import Generator
from nonesuch.recipe import Kind
from nonesuch.runs import checkpoint, events_log
from nonesuch.runs.store import RunFolder, open_or_create
from nonesuch.training import loop
from nonesuch.training.events import Finished, Noted, Stopped
from nonesuch.training.phase import Phase
from nonesuch.training.reconstruct import ReconstructSettings

KINDS: tuple[Kind, ...] = ("ae", "vae", "gan")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of_bars(tmp_path_factory.mktemp("bars"))


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One short run of each kind."""
    root = tmp_path_factory.mktemp("trained")
    for kind in KINDS:
        list(library.fit(small(data, kind), root / kind))
    return {kind: root / kind for kind in KINDS}


def test_a_vae_pays_for_its_codes_from_the_first_step(data: Path) -> None:
    """A warm-up of one epoch cost 0.7 nats of what MNIST reaches in 250,000 pictures (LOG, 2026-11-24)."""
    objective = library.plan(data, kind="vae", images=16).objective
    assert isinstance(objective, ReconstructSettings)
    assert objective.kl_warm_up_images == 0


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_and_gone_on_is_the_same_as_never_stopped(
    kind: Kind, data: Path, trained: dict[str, Path], tmp_path: Path
) -> None:
    """Both optimizers, the average, augmentation and alternation are where they were; so are log and advice."""
    parts = open_or_create(tmp_path / "parts").path
    first = list(session.fit(small(data, kind), parts, stopping(4)))
    assert isinstance(first[-1], Stopped)
    list(session.fit(small(data, kind), parts))
    whole, resumed = checkpoint.latest(trained[kind]), checkpoint.latest(parts)
    assert whole is not None
    assert resumed is not None
    assert whole.tensors.keys() == resumed.tensors.keys() == {"model", "ema", "optimizer"}
    for group, tensors in whole.tensors.items():
        assert tensors.keys() == resumed.tensors[group].keys()
        assert all(torch.equal(tensor, resumed.tensors[group][name]) for name, tensor in tensors.items()), group
    kinds = ("stepped", "previewed", "measured", "noted")
    assert _log(parts, kinds) == _log(trained[kind], kinds)


def _log(run: Path, kinds: tuple[str, ...]) -> list[dict[str, object]]:
    return [{**r.event, "seconds": 0} for r in events_log.read(run) if r.event["kind"] in kinds]


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_leaves_previews_a_report_and_samples(kind: Kind, trained: dict[str, Path]) -> None:
    run = trained[kind]
    previews = sorted(path.name for path in (run / "previews").iterdir())
    assert previews[0] == "000000000016.png"
    assert [e["file"] for e in _log(run, ("previewed",))] == [f"previews/{name}" for name in previews]
    report = json.loads((run / "report.json").read_text())
    assert report["images_seen"] == 160
    assert report["figures"]
    with Image.open(run / "pictures" / "samples.png") as sheet:
        assert np.asarray(sheet).std() > 0


def test_a_gan_is_told_the_sub_folders_and_others_need_not_be(data: Path) -> None:
    assert small(data, "gan").data.classes == ("down", "left", "right", "up")
    assert library.plan(data, images=16, kind="gan", label="none").data.classes == ()


def test_pictures_without_folders_train_a_gan_but_no_classifier(tmp_path: Path) -> None:
    for index, picture in enumerate(bars(40)[0]):
        Image.fromarray(picture).save(tmp_path / f"{index}.png")
    events = list(library.fit(small(tmp_path, "gan", images=32), tmp_path.parent / "plain"))
    assert isinstance(events[-1], Finished)
    assert Run(RunFolder(tmp_path.parent / "plain")).sample([1]).shape == (1, 12, 12, 3)


@pytest.mark.parametrize("kind", ["vae", "gan"])
def test_a_seed_is_a_picture_alone_or_in_company(kind: str, trained: dict[str, Path]) -> None:
    run = Run(RunFolder(trained[kind]))
    together = run.sample(range(3, 9)).astype(int)
    for place, seed in enumerate(range(3, 9)):
        assert np.abs(run.sample([seed])[0].astype(int) - together[place]).max() <= 1
    assert np.abs(together[0] - together[1]).max() > 1


def test_a_class_is_picked_when_sampling(trained: dict[str, Path]) -> None:
    run = Run(RunFolder(trained["gan"]))
    assert np.array_equal(run.sample([4], "down"), run.sample([4]))  # seed 4 of 4 classes: its turn is the first
    assert not np.array_equal(run.sample([4], "up"), run.sample([4], "down"))
    with pytest.raises(RecipeError, match="no class is called 'hat'; found: down, left, right, up"):
        run.sample([4], "hat")


def test_what_a_run_cannot_do_is_said_in_one_line(trained: dict[str, Path]) -> None:
    with pytest.raises(RunError, match="holds a gan; only a cnn names what it sees"):
        Run(RunFolder(trained["gan"])).predict(["x.png"])
    with pytest.raises(RunError, match="has no encoder"):
        Run(RunFolder(trained["gan"])).reconstruct(bars(1)[0])


def test_fast_asks_the_machine_at_hand_and_not_the_one_that_trained(
    trained: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run was trained in full precision; on a machine with bf16 it is drawn in bf16 all the same."""
    here = machine.Machine("x", "cpu", "bf16-mixed", True, 1, {})
    monkeypatch.setattr(machine, "probe", lambda _cache: here)
    run = Run(RunFolder(trained["gan"]))
    exact, fast = run.sample(range(8)), run.sample(range(8), fast=True)
    assert run.recipe.machine.precision == "32-true"
    assert 0 < np.abs(exact.astype(int) - fast).max() < 40


@pytest.mark.parametrize("seed", [-1, 2**53, 10**30])
def test_a_seed_out_of_range_is_one_line(seed: int, trained: dict[str, Path], call: Call) -> None:
    code, _, err = call("sample", trained["gan"], "--seed", seed, "--count", 1)
    assert (code, err.count("\n")) == (2, 1)
    assert f"from 0 to 2^53 - 1; found {seed}" in err


def test_a_walk_begins_and_ends_at_its_points(trained: dict[str, Path], data: Path, tmp_path: Path, call: Call) -> None:
    """Of a GAN from seed to seed, of a VAE from picture to picture; film, strip and frames."""
    code, out, _ = call("walk", trained["gan"], 3, 9, "--frames", 5, "--class", "up", "--out", tmp_path / "frames")
    assert code == 0
    assert out.strip() == str(tmp_path / "frames")
    frames = [np.asarray(Image.open(tmp_path / "frames" / f"{number:05d}.png")) for number in range(5)]
    ends = Run(RunFolder(trained["gan"])).sample([3, 9], "up")
    assert np.abs(frames[0].astype(int) - ends[0]).max() <= 1
    assert np.abs(frames[4].astype(int) - ends[1]).max() <= 1
    assert np.abs(frames[2].astype(int) - ends[0]).max() > 1
    first, second = (sorted((data / name).iterdir())[0] for name in ("up", "left"))
    assert call("walk", trained["vae"], first, second, "--frames", 6, "--loop", "--out", tmp_path / "w.gif")[0] == 0
    with Image.open(tmp_path / "w.gif") as film:
        assert (film.format, film.n_frames, film.size) == ("GIF", 6, (120, 120))  # 12 pixels, ten times
        shown = np.asarray(film.convert("RGB"))[::10, ::10]
    run = Run(RunFolder(trained["vae"]))
    redrawn = run.reconstruct(np.asarray(Image.open(first).convert("RGB"))[None])[0]
    assert np.abs(shown.astype(int) - redrawn).max() <= 4  # 256 colours
    assert call("walk", trained["ae"], 1, 2, "--circle", "--psi", 0.5, "--out", tmp_path / "w.png")[0] == 0


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("gan", ["1", "x.png"], "x.png: no such file"),
        ("vae", ["1", "x.png"], "x.png: no such file"),
        ("gan", ["1"], "at least 2 points; found 1"),
        ("gan", ["1", "9007199254740992"], "from 0 to 2^53 - 1; found 9007199254740992"),
        ("gan", ["1", "2", "--way", "bee"], "found bee"),
        ("gan", ["1", "2", "--frames", "1"], "2 to 2,000 frames; found 1"),
        ("gan", ["1", "2", "--speed", "0"], "up to 50 frames a second; found 0"),
        ("gan", ["1", "2", "3", "--circle"], "a circle goes through 2 points; found 3"),
        ("gan", ["1", "2", "--class", "hat"], "no class is called 'hat'"),
        ("gan", ["1", "2", "--out", "w.mov"], "found w.mov"),
    ],
)
def test_a_walk_that_cannot_be_is_one_line(
    kind: str, words: list[str], said: str, trained: dict[str, Path], call: Call
) -> None:
    code, _, err = call("walk", trained[kind], *words)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1


def test_a_perceptual_run_claims_no_likelihood(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(features, "IMAGES", 2000)
    list(library.fit(small(data, "vae", images=1600, objective__perceptual="50"), tmp_path / "run"))
    steps = [event["figures"]["unlikeness"] for event in _log(tmp_path / "run", ("stepped",))]  # type: ignore[index]
    assert steps[-1] < 0.8 * steps[0]
    run = Run(RunFolder(tmp_path / "run"))
    report = run.report()
    assert report is not None
    assert report["likelihood"] is None
    assert report["perceptual"] == 50
    with pytest.raises(RunError, match="was trained with a perceptual term, which is no likelihood"):
        run.likelihood([])
    show_runs.show_report(run.folder)
    assert "no likelihood is claimed" in " ".join(capsys.readouterr().out.split())


def test_an_autoencoder_redraws_better_after_training(data: Path, tmp_path: Path) -> None:
    list(library.fit(small(data, "ae", images=3200, net__options__latent="16"), tmp_path / "run"))
    errors = [e["figures"]["redraw_error"] for e in _log(tmp_path / "run", ("measured",))]  # type: ignore[index]
    assert errors[-1] < 0.75 * errors[0]
    pictures = bars(5, seed=9)[0]
    redrawn = Run(RunFolder(tmp_path / "run")).reconstruct(pictures)
    assert redrawn.shape == pictures.shape
    bright = redrawn[0, -4:].mean() - redrawn[0, :4].mean()
    assert bright > 40  # picture 0 has its bar below


def test_a_vae_finds_its_own_kind_more_probable_than_noise(data: Path, tmp_path: Path) -> None:
    list(library.fit(small(data, "vae", images=3200), tmp_path / "run"))
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert len(report["likelihood"]["kl_per_dimension"]) == 4
    Image.fromarray(bars(1, seed=9)[0][0]).save(tmp_path / "bar.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)).save(tmp_path / "noise.png")
    run = Run(RunFolder(tmp_path / "run"))
    bar, noise, missing = run.likelihood([tmp_path / "bar.png", tmp_path / "noise.png", tmp_path / "no.png"])
    assert isinstance(bar, Probability)
    assert isinstance(noise, Probability)
    assert isinstance(missing, Reject)
    assert bar.nats > noise.nats
    assert noise.above == 0


def test_only_a_vae_gives_a_probability(trained: dict[str, Path]) -> None:
    for kind in ("ae", "gan"):
        with pytest.raises(RunError, match=f"holds a {kind}, which gives no p"):
            Run(RunFolder(trained[kind])).likelihood(["x.png"])


@pytest.mark.parametrize("kind", KINDS)
def test_evaluate_prints_a_report(
    kind: Kind, trained: dict[str, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _call(monkeypatch, "evaluate", str(trained[kind]))
    shown = capsys.readouterr().out
    assert "too few held-out pictures" in shown  # 200 bars leave 20 for the test
    assert ("redrawn" in shown) == (kind != "gan")
    assert ("codes a picture" in shown) == (kind == "vae")


def test_runs_are_compared_side_by_side(
    trained: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _call(monkeypatch, "compare", str(trained["vae"]), str(trained["gan"]), "--out", str(tmp_path / "both.png"))
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == ["vae", "gan"]
    redrawn = next(line for line in shown if line.startswith("redraw_error"))
    assert len(redrawn.split()) == 2  # the GAN redraws nothing
    with Image.open(tmp_path / "both.png") as sheet:
        assert sheet.size == (8 * 62 + 2, 2 * 62 + 2)


def test_the_command_trains_and_samples(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = [text for key, value in (SMALL | NARROW["gan"]).items() for text in ("--set", f"{key}={value}")]
    _call(monkeypatch, "train", "gan", str(data), "--images", "32", "--run", str(tmp_path / "run"), *sets)
    _call(
        monkeypatch, "sample", str(tmp_path / "run"), "--seed", "7", "--grid", "2x3", "--out", str(tmp_path / "g.png")
    )
    with Image.open(tmp_path / "g.png") as sheet:
        assert sheet.size == (3 * 62 + 2, 2 * 62 + 2)
    _call(
        monkeypatch, "sample", str(tmp_path / "run"), "--count", "3", "--class", "up", "--out", str(tmp_path / "many")
    )
    assert sorted(path.name for path in (tmp_path / "many").iterdir()) == ["000000.png", "000001.png", "000002.png"]
    assert str(tmp_path / "many") in capsys.readouterr().out


def _call(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr("sys.argv", ["nonesuch", *words])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 0


@pytest.mark.parametrize("kind", ["ae", "vae", "gan"])
def test_samples_are_what_the_net_itself_draws(trained: dict[str, Path], kind: str) -> None:
    """Folding norms in moves no pixel by more than the rounding to a grey level; bf16 by a few levels."""
    run = library.open_run(trained[kind])
    net = run.net
    assert isinstance(net, Autoencoder | Generator)
    z = torch.from_numpy(np.stack([seeds.normal(seed, net.latent) for seed in range(5)]))
    with torch.no_grad():
        drawn = net.decode(z) if isinstance(net, Autoencoder) else net(z, torch.arange(5) % len(run.classes))
    wanted = ((drawn.clamp(-1, 1) + 1) * 127.5).round().permute(0, 2, 3, 1).numpy()
    exact = run.sample(range(5)).astype(int)
    assert np.abs(exact - wanted).max() <= 1
    quick = sampling.draw(sampling.drawing(net, "bf16-mixed"), run.recipe, range(5)).astype(int)
    assert (quick != exact).any()
    assert np.abs(quick - exact).max() <= 16


@pytest.mark.parametrize("kind", ["ae", "vae"])
def test_samples_of_the_mixture_lie_where_the_codes_lie(trained: dict[str, Path], tmp_path: Path, kind: str) -> None:
    """The same seed gives the same picture, another than the prior's; a mixture of another moment is refused."""
    run = library.open_run(trained[kind])
    mixed = run.sample(range(6), mixture=True)
    np.testing.assert_array_equal(mixed[4], run.sample([4], mixture=True)[0])
    assert (mixed != run.sample(range(6))).any()
    report = dict(run.report() or {})
    assert report["mixture"]["components"] >= 1  # type: ignore[index]
    copy = tmp_path / "copy"
    shutil.copytree(trained[kind], copy)
    (copy / "mixture.safetensors").write_bytes(b"harmed")
    with pytest.raises(RunError, match="evaluate"):
        library.open_run(copy).sample([0], mixture=True)
    other = library.open_run(trained[kind])
    other.images_seen += 1
    with pytest.raises(RunError, match="another state"):
        other.sample([0], mixture=True)


def test_a_gan_has_no_mixture(trained: dict[str, Path]) -> None:
    with pytest.raises(RunError, match="no codes"):
        library.open_run(trained["gan"]).sample([0], mixture=True)


class Poison:
    """Makes the loss NaN once, when the training reaches a position for the n-th time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, times: int) -> None:
        self.left = times
        differentiate = loop.differentiate

        def poisoned(phase: Phase, batch: object, engine: loop.Engine) -> dict[str, float]:
            self.rates.append(phase.optimizers[0].param_groups[0]["peak_lr"])
            self.steps += 1
            figures = differentiate(phase, batch, engine)
            if self.steps >= at and self.left and phase.name == self.struck:
                self.left -= 1
                self.steps = 0
                return figures | {phase.name: float("nan")}
            return figures

        self.steps, self.struck = 0, "loss"
        self.rates: list[float] = []
        monkeypatch.setattr(loop, "differentiate", poisoned)


@pytest.mark.parametrize(("kind", "struck"), [("vae", "loss"), ("gan", "critic"), ("gan", "generator")])
def test_a_training_that_diverges_once_is_taken_up_with_a_lower_rate(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind, struck: str
) -> None:
    poison = Poison(monkeypatch, at=9, times=1)
    poison.struck = struck
    recipe = small(data, kind, images=256, snapshot_images="64")
    events = list(library.fit(recipe, tmp_path / "run"))
    (retry,) = [event for event in events if isinstance(event, Noted) and event.signal == "retry"]
    assert "is kept" in retry.message
    assert retry.images_seen >= 64
    assert isinstance(events[-1], Finished)
    assert events[-1].images_seen == 256
    assert set(np.round(np.array(poison.rates) / poison.rates[0], 6)) >= {1.0, 0.3}
    assert poison.rates[-1] == pytest.approx(0.3 * poison.rates[0])
    found = checkpoint.latest(tmp_path / "run")
    assert found is not None
    assert found.state["rate"] == 0.3
    assert library.open_run(tmp_path / "run").recipe == recipe


def test_a_training_that_diverges_twice_ends_with_what_was_kept(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Poison(monkeypatch, at=9, times=2)
    with pytest.raises(DivergedError, match=r"again with 0\.3 times the rate.*is kept"):
        list(library.fit(small(data, "vae", images=640, snapshot_images="64"), tmp_path / "run"))


def test_a_stop_within_the_second_try_goes_on_at_the_lower_rate(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same weights as without the stop: neither the rate nor the one try is forgotten."""
    recipe = small(data, "vae", images=480, snapshot_images="64")
    Poison(monkeypatch, at=9, times=1)
    list(library.fit(recipe, tmp_path / "whole"))
    monkeypatch.undo()
    poison = Poison(monkeypatch, at=9, times=1)
    (tmp_path / "parts").mkdir()
    first = list(session.fit(recipe, open_or_create(tmp_path / "parts").path, stopping(21)))
    assert isinstance(first[-1], Stopped)
    assert poison.left == 0
    list(session.fit(recipe, tmp_path / "parts"))
    one, other = (checkpoint.latest(tmp_path / name) for name in ("whole", "parts"))
    assert one is not None
    assert other is not None
    for name, tensor in one.tensors["model"].items():
        assert torch.equal(tensor, other.tensors["model"][name])


@pytest.mark.parametrize("kind", ["ae", "vae"])
def test_a_plane_of_codes_is_drawn(data: Path, tmp_path: Path, kind: Kind) -> None:
    run = library.train(small(data, kind, images=32, net__options__latent="2"), tmp_path / "run")
    with Image.open(run.folder.path / "pictures" / "codes.png") as drawn:
        assert drawn.size[0] > 1000
    assert not (
        library.train(small(data, kind, images=32), tmp_path / "other").folder.path / "pictures/codes.png"
    ).exists()
