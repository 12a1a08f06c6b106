"""Codes of a run's pictures against coding each picture by itself."""

import pytest
import torch

from conftest import MadeRuns
from nonesuch.errors import RunError
from nonesuch.evaluation.codes import codes
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.pixels import to_signed


@pytest.mark.parametrize(("kind", "gaussian"), [("ae", False), ("vae", True)])
def test_codes_are_the_encoders_picture_by_picture(kind: str, gaussian: bool, made_runs: MadeRuns) -> None:
    run = made_runs(kind)  # type: ignore[arg-type]
    assert isinstance(run.net, Autoencoder)
    found = codes(run, "test", 5)
    known = found.data.rows["test"]
    assert found.rows.tolist() == [known[at * len(known) // 5] for at in range(5)]  # of all classes, however sorted
    assert (found.log_variance is not None) == gaussian
    for place, row in enumerate(found.rows):
        one = to_signed(torch.from_numpy(found.data.pack.pixels[row : row + 1].copy()).permute(0, 3, 1, 2))
        mean, log_variance = run.net.encode(one)
        torch.testing.assert_close(found.mean[place], mean[0].detach(), rtol=1e-4, atol=1e-5)
        if found.log_variance is not None and log_variance is not None:
            torch.testing.assert_close(found.log_variance[place], log_variance[0].detach(), rtol=1e-4, atol=1e-5)


def test_all_of_a_split_without_a_limit(made_runs: MadeRuns) -> None:
    found = codes(made_runs("ae"))
    assert len(found.mean) == len(found.rows) == len(found.data.rows["train"])


def test_a_net_without_an_encoder_has_no_codes(made_runs: MadeRuns) -> None:
    with pytest.raises(RunError, match="holds a gan, which has no encoder"):
        codes(made_runs("gan"))
