"""Muon against the singular value decomposition, and against its definition in float64."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from made_data import folder_of_bars
from nonesuch import library
from nonesuch.assembly import assemble, engine
from nonesuch.training import loop, muon
from nonesuch.training.muon import COEFFICIENTS, Muon, orthogonal
from nonesuch.training.optimizers import OptimizerSettings, build

SHAPES = [(8, 4, 3, 3), (64, 3, 3, 3), (16, 16, 1, 1)]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_update_is_nearly_orthogonal_and_keeps_the_singular_vectors(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    kernel = torch.randn(shape)
    matrix, result = kernel.flatten(1), orthogonal(kernel, iterations=6).flatten(1)
    values = torch.linalg.svdvals(result)
    assert float(values.min()) > 0.5
    assert float(values.max()) < 1.3
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    core = left.T @ result @ right.T  # diagonal when the singular vectors are the same
    assert float((core - torch.diag(core.diag())).abs().max()) < 0.1  # bf16 has 8 bits, and close values mix


@pytest.mark.parametrize(("half", "close"), [(False, 1e-4), (True, 0.02)])  # bf16 updates of 0.1
@pytest.mark.parametrize("shape", SHAPES)
def test_a_step_is_its_definition(shape: tuple[int, ...], half: bool, close: float) -> None:
    torch.manual_seed(1)
    kernel = nn.Parameter(torch.randn(shape))
    slow = kernel.detach().double().flatten(1)
    buffer = torch.zeros_like(slow)
    optimizer = Muon([kernel], lr=0.1, momentum=0.6, half=half)
    for _ in range(3):
        kernel.grad = torch.randn(shape)
        gradient = kernel.grad.double().flatten(1)
        buffer = 0.6 * buffer + gradient
        update = gradient + 0.6 * buffer
        update = update / update.norm()
        for _ in range(3):
            a, b, c = COEFFICIENTS
            square = update @ update.T
            update = a * update + b * square @ update + c * square @ square @ update
        slow = slow / slow.norm() * len(slow) ** 0.5 - 0.1 * update
        optimizer.step()
    torch.testing.assert_close(kernel.detach().flatten(1).double(), slow, rtol=0, atol=close)


def test_channels_last_changes_nothing() -> None:
    torch.manual_seed(2)
    kernel = torch.randn(8, 4, 3, 3)
    same = orthogonal(kernel.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(orthogonal(kernel), same, rtol=0, atol=0)


def test_every_parameter_has_exactly_one_optimizer() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
    net[0].bias.requires_grad_(False)
    optimizers = build([net], OptimizerSettings(name="muon", rate=0.2, bias_rate=10, dense_rate=0.5, weight_decay=0.1))
    moved = [p for o in optimizers for group in o.param_groups for p in group["params"]]
    assert len(moved) == len({id(p) for p in moved}) == len([p for p in net.parameters() if p.requires_grad])
    muon, sgd = optimizers
    assert [p.ndim for p in muon.param_groups[0]["params"]] == [4]
    assert [(g["peak_lr"], g["weight_decay"]) for g in sgd.param_groups] == [(0.5, 0.1), (5.0, 0.0)]


@pytest.mark.parametrize(("precision", "dtype"), [("bf16-mixed", torch.bfloat16), ("32-true", torch.float32)])
def test_a_run_computes_it_as_its_machine_does(
    precision: str, dtype: torch.dtype, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def noted(kernel: Tensor, found: torch.dtype) -> Tensor:
        seen.append(found)
        return kernel

    monkeypatch.setattr(muon, "orthogonal", noted)
    settings = {"machine.precision": precision, "machine.threads": "1", "train.batch": "16"}
    folder = folder_of_bars(tmp_path / "bars", size=32)
    recipe = library.plan(folder, net="fast", images=16, settings=settings)
    parts = assemble(recipe, engine(recipe.machine))
    next(loop.fit(parts.objective, parts.pace, parts.engine))
    assert set(seen) == {dtype}
