"""Photos into latent space of tiny runs: what was drawn is found again, the encoder kept, and places draw photos."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from conftest import MadeRuns
from made_data import folder_of_bars
from nonesuch import features
from nonesuch.errors import DataError, RecipeError, RunError
from nonesuch.evaluation import inversion, inverter
from nonesuch.evaluation.inversion import Inverting, Places
from nonesuch.evaluation.run import Run
from nonesuch.pixels import write_png
from nonesuch.recipe import Kind
from nonesuch.runs.store import RunFolder
from nonesuch.training.phase import Objective


@pytest.fixture(autouse=True, scope="module")
def _short() -> Iterator[None]:
    """Little training for nets so small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "IMAGES", 640)
        patch.setattr(inverter, "IMAGES", 1280)
        yield


@pytest.fixture(scope="module")
def ready(made_runs: MadeRuns, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Kind], Path]:
    """Copies of made runs, the GAN's encoder in it: trained once for all tests here."""

    @cache
    def copied(kind: Kind) -> Path:
        path = shutil.copytree(made_runs(kind).folder.path, tmp_path_factory.mktemp("ready") / kind)
        Inverting(Run(RunFolder(path)))
        return path

    return copied


@pytest.fixture
def own(ready: Callable[[Kind], Path], tmp_path: Path, request: pytest.FixtureRequest) -> Run:
    """A run of its own, to be written into."""
    kind: Kind = getattr(request, "param", "gan")
    return Run(RunFolder(Path(shutil.copytree(ready(kind), tmp_path / kind))))


@pytest.mark.parametrize("own", ["ae", "vae", "gan"], indirect=True)
def test_what_a_run_drew_is_found_again(own: Run) -> None:
    """Nearer by the loss than random seeds; where those differ from each other, nearer to the eye too."""
    photos = own.sample([3, 8])
    inverting = Inverting(own)
    found = inverting.invert(photos, steps=100)
    assert list(found.close) == ["encoder", "refined", "nearest training picture", "random seed"]
    assert (found.way.losses.amin((0, 2)) < 0.9 * found.way.losses[0, :, 2:5].mean(1)).all()
    if own.recipe.kind == "gan":
        close = {name: one.psnr.mean() for name, one in found.close.items()}
        assert close["refined"] > max(close["random seed"] + 3, close["encoder"])
    starts = inverting.starts(inverting.shown(photos), 0)[1]
    assert torch.equal(found.way.path[0, 0], starts.z[0, found.way.chosen[0]])
    assert np.array_equal(found.photos, photos)


def test_a_drawn_picture_of_a_class_is_found_in_its_class_with_its_z(own: Run) -> None:
    """Of pictures from N(0, 1) the refined picture is nearly the same one, in bytes."""
    photos = own.sample([5], "up")
    found = Inverting(own).invert(photos, steps=200)
    assert np.abs(Inverting(own).draw(found.refined).astype(int) - photos).mean() < 3
    assert found.refined.classes is not None


def test_the_encoder_is_kept_and_made_again_for_another_generator(own: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Inverting(own).encode(torch.zeros(1, 3, 12, 12))[0].z
    files = {name: (own.folder.path / name).read_bytes() for name in ("inverter.safetensors", "inverter.json")}
    trained: list[Objective] = []
    train = inverter.train
    monkeypatch.setattr(
        inverter, "train", lambda objective, *rest: (trained.append(objective), train(objective, *rest))
    )
    assert torch.equal(Inverting(own).encode(torch.zeros(1, 3, 12, 12))[0].z, first)
    assert not trained
    with torch.no_grad():
        next(own.net.parameters()).mul_(1.01)
    Inverting(own)
    assert len(trained) == 1
    assert files != {name: (own.folder.path / name).read_bytes() for name in files}


def test_the_encoder_is_the_same_whatever_the_random_state(own: Run) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    Inverting(own)
    assert torch.equal(torch.get_rng_state(), before)
    first = (own.folder.path / "inverter.safetensors").read_bytes()
    (own.folder.path / "inverter.json").unlink()
    torch.manual_seed(2)
    Inverting(own)
    assert (own.folder.path / "inverter.safetensors").read_bytes() == first


def test_neither_net_nor_measuring_net_is_changed(own: Run) -> None:
    before = {name: tensor.clone() for name, tensor in own.net.state_dict().items()}
    Inverting(own).invert(own.sample([1]), steps=3)
    assert all(torch.equal(tensor, before[name]) for name, tensor in own.net.state_dict().items())
    assert all(parameter.requires_grad for parameter in own.net.parameters())
    assert all(parameter.grad is None for parameter in own.net.parameters())


@pytest.mark.parametrize("named", [None, "up", "left"])
def test_places_of_files_draw_the_photo_whatever_class_is_drawn(own: Run, tmp_path: Path, named: str | None) -> None:
    """The class that the photo was found in is made up for: drawn as any class it is the refined picture."""
    write_png(tmp_path / "a.png", own.sample([2], "right")[0])
    places = own.places([7, tmp_path / "a.png"], named)
    inverting = Inverting(own)
    wanted = inverting.draw(inverting.invert(own.sample([2], "right")).refined)
    drawn = own.drawn_at(places, named)
    assert np.abs(drawn[1].astype(int) - wanted[0]).max() <= 1
    assert np.abs(drawn[0].astype(int) - own.sample([7], named or "down")[0]).max() <= 1


@pytest.mark.parametrize("own", ["ae", "vae"], indirect=True)
def test_an_autoencoders_places_are_its_own_answer(own: Run, tmp_path: Path) -> None:
    photo = own.sample([2])[0]
    write_png(tmp_path / "a.png", photo)
    assert np.abs(own.drawn_at(own.places([tmp_path / "a.png"])).astype(int) - own.reconstruct(photo[None])).max() <= 1


@pytest.mark.parametrize("own", ["ae"], indirect=True)
def test_an_aes_prior_is_where_its_codes_lie(own: Run) -> None:
    inverting = Inverting(own)
    pixels = inverting.data.pack.pixels[inverting.data.rows["train"]]
    codes = inverting.encode(inverting.shown(pixels))[0].z
    torch.testing.assert_close(inverting.prior.middle, codes.mean(0), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(inverting.prior.spread, codes.std(0).clamp(min=1e-3), atol=1e-4, rtol=1e-4)


def test_photos_may_be_many_and_each_is_as_alone(own: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inversion, "TOGETHER", 2)
    photos = own.sample(range(3))
    inverting = Inverting(own)
    many, one = inverting.invert(photos, steps=5), inverting.invert(photos[2:], steps=5)
    torch.testing.assert_close(many.refined.z[2:], one.refined.z, atol=1e-3, rtol=1e-3)
    assert many.way.path.shape == (6, 3, 4)
    assert len(many.start) == 3


def test_what_cannot_be_inverted_is_said(own: Run, made_runs: MadeRuns, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cnn holds a classifier"):
        Inverting(made_runs("cnn"))
    for steps in (0, 5001):
        with pytest.raises(RecipeError, match=f"1 to 5,000 steps; found {steps}"):
            Inverting(own).invert(own.sample([1]), steps)
    with pytest.raises(DataError, match="no such file"):
        own.places([1, tmp_path / "none.png"])


def test_a_grey_gan_without_classes_and_not_square(tmp_path: Path) -> None:
    from nonesuch import library

    settings = {"machine.threads": "1", "machine.precision": "32-true", "train.batch": "16", "net.options.latent": "4"}
    recipe = library.plan(
        folder_of_bars(tmp_path / "bars"),
        size=(8, 20),
        channels=1,
        images=32,
        label="none",
        settings=settings,
        kind="gan",
    )
    run = library.train(recipe, tmp_path / "grey")
    found = Inverting(run).invert(run.sample([1]), steps=20)
    assert found.refined.classes is None
    assert isinstance(found.encoded, Places)
    assert "encoder, second class" not in found.start
    write_png(tmp_path / "a.png", run.sample([1])[0])
    assert run.drawn_at(run.places([tmp_path / "a.png"])).shape == (1, 8, 20, 1)
