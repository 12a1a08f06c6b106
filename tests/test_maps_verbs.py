"""`nonesuch atlas`, `neighbours` and `pad`: files, figures, and one line for what cannot be."""

import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from conftest import Call, MadeRuns


def test_an_atlas_is_a_picture_its_numbers_and_the_figures_of_its_clusters(
    made_runs: MadeRuns, call: Call, tmp_path: Path
) -> None:
    out = tmp_path / "map.png"
    words = ("--clusters", "kmeans", "--count", 4, "--split", "val", "--seed", 3, "--out", out)
    code, said, _ = call("atlas", made_runs("vae").folder.path, *words)
    assert code == 0
    lines = said.splitlines()
    record = json.loads((tmp_path / "map.json").read_text())
    assert lines[0] == f"{len(record['rows'])} pictures, latent space; {record['words']}"
    sizes = ", ".join(map(str, record["clusters"]["sizes"]))
    assert lines[1] == f"4 clusters by kmeans: {sizes}"
    assert lines[2] == f"silhouette {record['clusters']['silhouette']:.3f}"
    assert lines[3].startswith(f"against class: purity {record['clusters']['against']['purity']:.1%}, adjusted Rand")
    assert lines[4] == str(out)
    assert (record["split"], record["seed"], record["schema_version"]) == ("val", 3, 1)
    with Image.open(out) as sheet:
        assert sheet.format == "PNG"


def test_no_dense_group_is_said(made_runs: MadeRuns, call: Call, tmp_path: Path) -> None:
    words = ("--clusters", "hdbscan", "--most", 12, "--out", tmp_path / "map.png")
    code, said, _ = call("atlas", made_runs("gan").folder.path, *words)
    assert code == 0
    assert "clusters by hdbscan" in said or "hdbscan found no dense group: all 24 are noise; try kmeans" in said


def test_neighbours_are_printed_and_drawn(made_runs: MadeRuns, call: Call, tmp_path: Path) -> None:
    out = tmp_path / "near.png"
    code, said, _ = call("neighbours", made_runs("gan").folder.path, 5, "--count", 3, "--out", out)
    assert code == 0
    assert said.count(".png") == 4  # three files and the sheet
    assert out.is_file()


def test_a_pad_is_a_sheet_and_says_how_good_its_fits_are(made_runs: MadeRuns, call: Call, tmp_path: Path) -> None:
    folders = [made_runs(kind).folder.path for kind in ("ae", "vae", "gan")]
    code, said, _ = call("pad", *folders, "--class", "left", "--out", tmp_path / "pad.png")
    assert code == 0
    lines = said.splitlines()
    assert lines[0].startswith("ae: fit R2 ")
    assert lines[1].startswith("vae: axes of the pad, lands where asked R2 ")
    assert lines[2].startswith("gan: fit R2 ")
    assert lines[3] == str(tmp_path / "pad.png")


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("vae", ["--method", "bee"], "a map is made by pca, tsne, umap; found 'bee'"),
        ("vae", ["--label", "hat"], "no label column is called 'hat'; found: label"),
        ("vae", ["--clusters", "bee"], "kmeans, mixture, hdbscan; found 'bee'"),
        ("vae", ["--count", "3"], "add --clusters kmeans or mixture"),
        ("vae", ["--split", "all"], "a split is train, val, test; found 'all'"),
        ("vae", ["--most", "0"], "at least 2 pictures; found 0"),
        ("vae", ["--out", "map.jpg"], "this is written as .png; found map.jpg"),
        ("gan", ["--method", "umap"], 'pip install "nonesuch[maps]"'),
    ],
)
def test_a_map_that_cannot_be_is_one_line(
    kind: str, words: list[str], said: str, made_runs: MadeRuns, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    code, _, err = call("atlas", made_runs(kind).folder.path, *words)  # type: ignore[arg-type]
    assert (code, err.count("\n")) == (2, 1)
    assert said in err


def test_neighbours_and_pads_that_cannot_be_are_one_line(made_runs: MadeRuns, call: Call) -> None:
    cnn, vae = made_runs("cnn").folder.path, made_runs("vae").folder.path
    for words, said in (
        (("neighbours", vae, "no.png"), "no.png: no such file"),
        (("neighbours", cnn, "7"), "draws no seeds"),
        (("pad", vae), "2 runs or more; found 1"),
        (("pad", vae, cnn), "holds a classifier"),
        (("pad", vae, vae, "--out", "pad.gif"), "written as .png; found pad.gif"),
    ):
        code, _, err = call(*words)
        assert (code, err.count("\n")) == (2, 1)
        assert said in err
