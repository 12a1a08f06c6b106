"""The reader of attributes: on pictures whose columns are plain to see."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nonesuch import library, reader
from nonesuch.assembly import divided, reopen
from nonesuch.data.open import open_data
from nonesuch.errors import DataError
from nonesuch.reader import Reader


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 pictures 8x8: `side` is the bright half; `shade`, known of every second one, how bright the rest is."""
    draws = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("read")
    side, shade = draws.integers(0, 2, 300), draws.integers(0, 3, 300)
    pixels = draws.integers(0, 20, (300, 8, 8, 1)).astype(np.uint8) + (60 * shade).astype(np.uint8)[:, None, None, None]
    pixels[side == 0, :, :4] += 100
    pixels[side == 1, :, 4:] += 100
    rows = ["file_name,side,shade"]
    for number in range(300):
        Image.fromarray(pixels[number, ..., 0]).save(folder / f"{number}.png")
        named = ("dark", "grey", "light")[shade[number]] if number % 2 else ""
        rows.append(f"{number}.png,{('left', 'right')[side[number]]},{named}")
    (folder / "metadata.csv").write_text("\n".join(rows))
    return folder


def test_it_reads_what_is_plain_to_see(archive: Path) -> None:
    pack = open_data(archive)
    data = divided(pack, "", 0.1, 0.2)
    found = Reader(data, threads=1)
    assert set(found.names) == {"side", "shade"}
    assert min(found.accuracy) > 0.9
    assert found.read(pack.pixels[:7]).shape == (7, 2)


def test_it_is_trained_once_and_kept_beside_the_pack(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = open_data(archive)
    data = divided(pack, "", 0.1, 0.2)
    first = Reader(data, threads=1)
    trained = []
    monkeypatch.setattr(reader, "train", lambda objective, pictures: trained.append(pictures))
    np.testing.assert_array_equal(Reader(data, threads=1).read(pack.pixels), first.read(pack.pixels))
    assert trained == []
    Reader(divided(pack, "", 0.2, 0.2), threads=1)  # learns from other pictures
    assert len(trained) == 1


def test_pictures_without_labels_cannot_be_read(archive: Path, tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.png").write_bytes((archive / f"{number}.png").read_bytes())
    with pytest.raises(DataError, match="no label column"):
        Reader(divided(open_data(tmp_path), "", 0.1, 0.1), threads=1)


def test_a_run_reports_the_attributes_of_its_samples(archive: Path, tmp_path: Path) -> None:
    settings = {"machine.threads": "1", "train.batch": "16", "net.options.width": "4", "net.options.critic_width": "4"}
    recipe = library.plan(archive, kind="gan", images=32, label="none", settings=settings)
    run = library.train(recipe, tmp_path / "run")
    found = run.attributes(count=50)
    assert found.n == 50
    assert found.ceiling > 0.9
    stored = dict(run.report() or {})
    assert stored["attributes"]["values"] == found.values  # type: ignore[index]
    assert stored["kind"] == "generator"
    assert len(reopen(recipe.data).pack) == 300
