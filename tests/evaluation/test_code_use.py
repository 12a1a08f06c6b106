"""What a VAE's numbers say, against the KL of its own Gaussians worked out by hand."""

import pytest
import torch

from conftest import MadeRuns
from nonesuch.errors import RunError
from nonesuch.evaluation.code_use import use_of_code
from nonesuch.evaluation.codes import codes


def test_the_mean_kl_of_each_number(made_runs: MadeRuns) -> None:
    run = made_runs("vae")
    found, known = use_of_code(run), codes(run, "test")
    assert known.log_variance is not None
    kl = 0.5 * (known.mean.square() + known.log_variance.exp() - known.log_variance - 1)
    assert (found.split, found.n) == ("test", len(known.rows))
    torch.testing.assert_close(torch.tensor(found.nats), kl.mean(0), rtol=1e-4, atol=1e-5)
    assert found.dead == int((kl.mean(0) < 0.01).sum())


def test_points_and_generators_have_none(made_runs: MadeRuns) -> None:
    for kind, words in (("ae", "its codes are points"), ("gan", "no codes of pictures")):
        with pytest.raises(RunError, match=words):
            use_of_code(made_runs(kind))  # type: ignore[arg-type]
