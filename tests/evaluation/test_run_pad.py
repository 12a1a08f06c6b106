"""One pad for three nets: the axes by hand, pictures by each net's own decoder, and how far fits are to be believed."""

import numpy as np
import pytest
import torch

from conftest import MadeRuns
from nonesuch.errors import RecipeError, RunError
from nonesuch.evaluation.codes import codes
from nonesuch.evaluation.pad import GRID, Pad, pad_of
from nonesuch.evaluation.run import Run


@pytest.fixture(scope="module")
def nets(made_runs: MadeRuns) -> tuple[Run, Run, Run]:
    return made_runs("ae"), made_runs("vae"), made_runs("gan")


@pytest.fixture(scope="module")
def pad(nets: tuple[Run, Run, Run]) -> Pad:
    return pad_of(nets, "up")


def test_the_axes_are_the_vaes_principal_ones_in_standard_deviations(pad: Pad, nets: tuple[Run, Run, Run]) -> None:
    assert pad.run is nets[1]
    means = codes(nets[1]).mean.double().numpy()
    values = np.linalg.svd(means - means.mean(0), compute_uv=False)
    np.testing.assert_allclose(pad.axes.scale, values[:2] / np.sqrt(len(means)), rtol=1e-4)
    own = pad.nets[1].tie
    np.testing.assert_allclose(own.offset, means.mean(0), atol=1e-4)


def test_each_net_draws_the_code_of_the_place_by_itself(pad: Pad) -> None:
    asked = np.array([[0.0, 0.0], [1.5, -1.0]])
    for net, drawn in zip(pad.nets, pad.draw(asked), strict=True):
        z = torch.from_numpy(net.tie.offset + asked @ net.tie.matrix).float()
        expected = net.run.drawn_at(z, "up" if net.run.recipe.kind == "gan" else None)
        np.testing.assert_array_equal(drawn, expected)


def test_a_gan_is_drawn_around_its_seed(nets: tuple[Run, Run, Run]) -> None:
    _, vae, gan = nets
    found = pad_of([vae, gan], "up", seed=5)
    z = gan.places([5]).double().numpy()
    tied = found.nets[1].tie
    np.testing.assert_allclose(tied.codes(z @ tied.weights + tied.bias), z, atol=1e-6)


def test_the_same_net_twice_is_tied_nearly_perfectly(nets: tuple[Run, Run, Run]) -> None:
    """A second VAE with the same weights: its codes are those of the axes, so the regression has to find them again."""
    twin = Run(nets[1].folder)
    found = pad_of([nets[1], twin]).nets[1]
    assert found.tie.fit > 0.999
    assert found.lands == pytest.approx(pad_of([nets[1], twin]).nets[0].lands, abs=0.05)


def test_a_picture_is_placed_by_the_encoder_of_the_axes(pad: Pad, nets: tuple[Run, Run, Run]) -> None:
    coded = codes(nets[1], "test")
    pictures = coded.data.pack.pixels[coded.rows]
    np.testing.assert_allclose(pad.place(pictures), pad.axes.places(coded.mean.numpy()), atol=1e-3)


def test_the_sheet_has_a_panel_a_net(pad: Pad) -> None:
    assert pad.sheet().shape[1] == 3 * 600 + 40
    assert len(pad.draw(np.zeros((GRID, 2)))[0]) == GRID


def test_without_a_vae_the_axes_are_the_aes(nets: tuple[Run, Run, Run]) -> None:
    assert pad_of([nets[2], nets[0]]).run is nets[0]


def test_runs_that_have_no_common_pad_are_said(nets: tuple[Run, Run, Run], made_runs: MadeRuns) -> None:
    ae, vae, gan = nets
    with pytest.raises(RecipeError, match="2 runs or more; found 1"):
        pad_of([vae])
    with pytest.raises(RunError, match="holds a classifier, which draws nothing"):
        pad_of([vae, made_runs("cnn")])
    with pytest.raises(RecipeError, match="add one of the same data"):
        pad_of([gan, gan])
    with pytest.raises(RecipeError, match="no class is called 'hat'"):
        pad_of([vae, gan], "hat")
    with pytest.raises(RecipeError, match="none of these runs can be told a class; leave --class up away"):
        pad_of([vae, ae], "up")
    other = Run(vae.folder)
    changed = vae.recipe.data.model_copy(update={"content": "other"})
    other.recipe = vae.recipe.model_copy(update={"data": changed})
    with pytest.raises(RecipeError, match="runs of the same pictures"):
        pad_of([ae, other])
