"""What the project promises of itself: public names, paths in docs, the event contract, poisonous packages."""

import importlib.metadata
import json
import operator
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nonesuch
from nonesuch.exporting.manifest import Manifest
from nonesuch.training import events, wishes

ROOT = Path(__file__).parents[1]
CONTRACTS = {
    ROOT / "contracts" / "events.schema.json": events.parse.json_schema(),
    ROOT / "contracts" / "wishes.schema.json": wishes.parse.json_schema(),
    ROOT / "contracts" / "manifest.schema.json": Manifest.model_json_schema(),
}
POISON = ("torchvision", "timm", "torch-fidelity", "torchaudio")


def test_public_names_are_importable_and_nothing_else_is_listed() -> None:
    assert sorted(nonesuch.__all__) == dir(nonesuch)
    assert all(getattr(nonesuch, name) is not None for name in nonesuch.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        operator.attrgetter("nothing")(nonesuch)


def test_importing_the_package_loads_nothing_heavy() -> None:
    script = "import sys, nonesuch; assert not {'torch', 'numpy', 'pydantic', 'PIL'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda path: path.name)
def test_the_contract_is_the_one_checked_in(contract: Path) -> None:
    """Changed on purpose? Write the new one: python tools/write_contracts.py, and name it in CHANGELOG."""
    assert json.loads(contract.read_text()) == CONTRACTS[contract]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_cannot_be_in_an_event(value: float) -> None:
    with pytest.raises(ValueError, match="Diverged"):
        events.Measured(images_seen=1, seconds=1.0, figures={"accuracy": value}, split="val", n=1)


def test_events_survive_json() -> None:
    event = events.Stepped(
        images_seen=3, seconds=0.5, figures={"loss": 1.0}, learning_rate=0.1, fraction=0.5, epoch=0.1
    )
    assert events.parse.validate_json(event.model_dump_json()) == event


@pytest.mark.parametrize("name", POISON)
def test_packages_that_break_this_torch_are_not_installed(name: str) -> None:
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.distribution(name)


def _documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")]


@pytest.mark.parametrize("document", _documents(), ids=lambda path: path.name)
def test_paths_named_in_docs_exist(document: Path) -> None:
    text = document.read_text()
    links = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    named = re.findall(r"`((?:src|tests|docs|tools|benchmarks|examples|contracts)/[\w./-]+)`", text)
    for target in links:
        assert (document.parent / target).exists(), f"{document.name} links to {target}"
    for target in named:
        assert (ROOT / target).exists(), f"{document.name} names {target}"


def test_constraints_pin_every_dependency() -> None:
    pinned = {
        re.split("==", line)[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    }
    assert "://" not in (ROOT / "constraints.txt").read_text()
    wanted = importlib.metadata.requires("nonesuch") or []
    for requirement in wanted:
        name = re.split(r"[<>=!~;\[ ]", requirement)[0].lower()
        if "extra ==" in requirement and "dev" not in requirement:
            continue
        assert name.replace("_", "-") in {pin.replace("_", "-") for pin in pinned}, requirement


def test_the_example_runs(tmp_path: Path) -> None:
    script = ROOT / "examples" / "train_and_ask.py"
    command = [sys.executable, str(script), "3", str(tmp_path / "run")]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "test  accuracy" in out
    assert "classes: no, yes" in out
