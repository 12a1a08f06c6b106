"""What is in a published site, byte by byte, and what is not; and that it is still the net."""

import base64
import getpass
import gzip
import hashlib
import io
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

from conftest import Call
from made_pages import Built, FirstRun
from made_runs import small
from nonesuch import library, seeds
from nonesuch.assembly import reopen
from nonesuch.evaluation.run import Run
from nonesuch.pixels import to_rgb
from nonesuch.publishing.contents import Wish
from nonesuch.publishing.marking import chunks
from nonesuch.publishing.site import Site, build
from nonesuch.publishing.texts import Said, texts

USER = "zebediah-quux"
CANARY = "canary-5b1f-exif"
KINDS = ("gan", "vae", "cnn")


def _folder_of_photos(where: Path) -> Path:
    """A person's photos under their home, as a camera leaves them: with EXIF data, a comment, and telling names."""
    rng = np.random.default_rng(5)
    for kind in ("cats", "dogs"):
        (where / kind).mkdir(parents=True)
        for number in range(40):
            grey = rng.integers(0, 256, (3, 3, 3), np.uint8).repeat(6, 0).repeat(6, 1)
            exif = Image.Exif()
            exif[0x010E], exif[0x013B] = CANARY, USER
            path = where / kind / f"{USER}-{kind}-{number}.jpg"
            Image.fromarray(grey).save(path, "JPEG", quality=95, exif=exif, comment=CANARY.encode())
    return where


@pytest.fixture(scope="module", params=["cnn", "ae", "vae", "gan"])
def private(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, page_is_built: None) -> Run:
    """A run of a person's photos."""
    home = tmp_path_factory.mktemp("home") / USER
    data = _folder_of_photos(home / "pictures" / "pets")
    return library.train(small(data, request.param), home / "runs" / request.param)


def _everything(site: Site) -> Iterator[tuple[str, bytes]]:
    """Every file of the folder, the single file, and what lies packed inside of it."""
    yield from site.files.items()
    yield "page.html", site.single
    for found in re.finditer(rb'id="inlined:([^"]+)">([^<]*)<', site.single):
        yield f"page.html:{found[1].decode()}", gzip.decompress(base64.b64decode(found[2]))
    for at, found in enumerate(re.finditer(rb"data:image/png;base64,([A-Za-z0-9+/=]+)", site.single)):
        yield f"page.html:{at}.png", base64.b64decode(found[1])


@pytest.fixture(scope="module")
def pages(private: Run) -> dict[bool, Site]:
    """Its page without neighbours, and of a GAN also the one with them."""
    said = texts(private.recipe.kind, "pets", Said())
    agreed = (False, True) if private.recipe.kind == "gan" else (False,)
    # In full precision, as the round trip needs it.
    return {each: build(private, said, Wish("fp32", each), yes=True) for each in agreed}


def test_nothing_of_this_machine_and_its_user_is_in_a_page(private: Run, pages: dict[bool, Site]) -> None:
    for site in pages.values():
        words = {USER, CANARY, str(private.folder.path), str(Path.home()), str(Path.cwd()), "/tmp/", "C:\\"}
        words |= {str(Path(library.__file__).parent), private.folder.path.name + "/"} - {"cnn/", "ae/", "vae/", "gan/"}
        words |= {each for each in (getpass.getuser(), socket.gethostname()) if len(each) > 6}
        for name, data in _everything(site):
            # ONNX Runtime's own file was built elsewhere, by others, and is the same for everybody.
            found = [word for word in words if word.encode() in data and not name.endswith(".wasm")]
            assert found == [], (name, found)
            assert b"Exif" not in data or name.endswith((".js", ".wasm", "page.html")), name


def _pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as read:
        return np.asarray(read.convert("RGB"))


def test_no_training_picture_is_in_a_page_unless_it_was_agreed_to(private: Run, pages: dict[bool, Site]) -> None:
    data = reopen(private.recipe.data)
    rows = data.rows["train"]
    training = data.pack.pixels[rows]
    raw = {each.tobytes()[:96] for each in training} | {each.transpose(2, 0, 1).tobytes()[:96] for each in training}
    shown = {to_rgb(each).tobytes() for each in training}
    for neighbours, site in pages.items():
        for name, content in _everything(site):
            assert not any(each in content for each in raw), name
            if content.startswith(b"\x89PNG") and name != "pictures/neighbours.png":
                pixels = _pixels(content)
                assert pixels.tobytes() not in shown, name
        sheet = site.files.get("pictures/neighbours.png")
        assert (sheet is not None) == neighbours
        if sheet is not None:
            # Every picture below its sample is in the training set, and it is the nearest one.
            pixels, side = _pixels(sheet), training.shape[1]
            scale = 48 // side
            cells = pixels[2 + side * scale + 2 :, 2:][: side * scale : scale]
            first = cells[:, : side * scale : scale]
            assert first.tobytes() in shown


def test_pictures_carry_what_says_that_they_are_synthetic_and_nothing_else(pages: dict[bool, Site]) -> None:
    allowed = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tEXt", b"iTXt"}
    for site in pages.values():
        sheets = set(site.contents.sheet.values())
        pictures = [(name, data) for name, data in _everything(site) if data.startswith(b"\x89PNG")]
        assert len(pictures) > 5
        for name, data in pictures:
            found = list(chunks(data))
            assert {kind for kind, _ in found} <= allowed, name
            said = [content.split(b"\0")[0] for kind, content in found if kind in (b"tEXt", b"iTXt")]
            assert set(said) <= {b"Software", b"Synthetic", b"Seed", b"XML:com.adobe.xmp"}, name
            # Half of a sheet of neighbours is training pictures: calling it synthetic would be a lie.
            assert (b"Synthetic" in said) == (data not in sheets), name


@pytest.mark.parametrize("kind", KINDS)
def test_hashes_and_sizes_are_those_of_the_files(published: Built, kind: str) -> None:
    files = published(kind).files
    told = json.loads(files["about.json"])["files"]
    assert set(told) == set(files) - {"about.json"}
    for name, each in told.items():
        assert each == {"bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
    manifest = json.loads(files["model/manifest.json"])
    for graph in manifest["graphs"].values():
        for each in graph["files"].values():
            data = files[f"model/{each['file']}"]
            assert (each["bytes"], each["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


def test_only_plain_formats_and_no_weights_elsewhere(pages: dict[bool, Site]) -> None:
    """M5: ONNX without external data, JSON and static files."""
    site = pages[False]
    ends = {".html", ".js", ".css", ".png", ".json", ".onnx", ".wasm", ".mjs", ".py"}
    assert {Path(name).suffix for name in site.files} <= ends
    for name, data in site.files.items():
        if name.endswith(".onnx"):
            model = onnx.load_from_string(data)
            assert not any(each.external_data for each in model.graph.initializer), name
            assert not any(each.data_location for each in model.graph.initializer), name


def test_the_net_in_a_page_is_the_net_of_the_run(private: Run, pages: dict[bool, Site]) -> None:
    """Round trip of every family, at full precision: pictures to 1 of 255, answers to 1e-5."""
    site = pages[False]
    manifest = json.loads(site.files["model/manifest.json"])
    if private.recipe.kind == "cnn":
        session = onnxruntime.InferenceSession(site.files["model/answer.fp32.onnx"])
        pixels = reopen(private.recipe.data).tensors("test", 4)[0]
        import torch

        images = pixels.float() / 127.5 - 1
        with torch.inference_mode():
            wanted = private.net(images).softmax(1).numpy()
        given = np.array(manifest["filters"]["values"], np.float32).reshape(manifest["filters"]["shape"])
        logits = session.run(["logits"], {"picture": images.numpy(), "filters": given})[0]
        found = np.exp(logits - logits.max(1, keepdims=True))
        assert np.abs(found / found.sum(1, keepdims=True) - wanted).max() < 1e-5
        return
    session = onnxruntime.InferenceSession(site.files["model/draw.fp32.onnx"])
    names = [each.name for each in session.get_inputs()]
    numbers = list(range(40))
    if not site.contents.mixture:
        feeds = {"z": np.stack([seeds.normal(each, manifest["latent"]["size"]) for each in numbers])}
        if "label" in names:
            feeds["label"] = np.array([each % len(manifest["classes"]) for each in numbers])
        found = np.rint((session.run(["picture"], feeds)[0] + 1) * 127.5).clip(0, 255).transpose(0, 2, 3, 1)
        assert np.abs(found - private.sample(numbers).astype(float)).max() <= 1
    for seed in site.contents.seeds[:3]:
        wanted = private.sample([seed], mixture=site.contents.mixture)[0]
        assert np.array_equal(
            _pixels(site.files[f"pictures/{seed}.png"]), np.broadcast_to(wanted, (*wanted.shape[:2], 3))
        )


def test_the_same_run_gives_the_same_bytes(published: Built, first_run: FirstRun) -> None:
    """So that a page can be checked, and publishing again changes nothing."""
    one = published("gan")
    run = first_run("gan")
    other = build(run, one.texts, one.wish)
    assert one.files == other.files
    assert one.single == other.single
    assert one.zipped() == other.zipped()


def test_the_card_tells_what_was_measured_beside_its_floor(published: Built, first_run: FirstRun) -> None:
    card = json.loads(published("gan").files["about.json"])["page"]["card"]
    report = first_run("gan").report() or {}
    told = {each["name"]: each for each in card["measurements"]}
    distances = report["distances"]
    assert isinstance(distances, dict)
    for name in ("frechet", "kernel", "precision", "recall", "density", "coverage"):
        assert told[name]["value"] == distances["samples"][name]
        assert told[name]["floor"] == distances["floor"][name]
        assert told[name]["n"] == distances["n"]
    assert card["pictures"] == 4777
    assert card["memorisation"]["verdict"] == "good"
    assert card["recipe"]["net"] == "modern"
    classifier = json.loads(published("cnn").files["about.json"])["page"]["card"]
    assert {each["name"] for each in classifier["measurements"]} >= {"accuracy"}


def test_from_the_command_line(call: Call, own_runs: Path, tmp_path: Path) -> None:
    gan, site = own_runs / "gan", tmp_path / "site"
    code, out, _ = call("publish", gan, site, "--thing", "pixel person", "--language", "de", "--mark")
    assert code == 0, out
    assert "nonesuch preview" in out
    page = (site / "index.html").read_text()
    assert '<html lang="de">' in page
    assert "Gibt es nicht: pixel person" in page
    code, out, _ = call("publish", gan, tmp_path / "people.html", "--url", "https://me.example/")
    assert code == 0
    assert "double click" in out
    code, out, _ = call("publish", gan)
    assert code == 0
    assert (gan / "page" / "index.html").exists()


BAD = {"n": 611, "held_out": 611, "training": 4777, "median": 0.1, "held_out_median": 6.0, "ratio": 0.02,
       "near_share": 0.95, "nearest": []}  # fmt: skip


def test_a_net_that_copies_needs_a_second_word(call: Call, own_runs: Path, tmp_path: Path) -> None:
    report = own_runs / "gan" / "report.json"
    report.write_text(json.dumps({**json.loads(report.read_text()), "memorisation": BAD}))
    code, out, err = call("publish", own_runs / "gan", tmp_path / "site")
    assert (code, out) == (2, "")
    assert "--yes" in err
    assert not (tmp_path / "site").exists()
    code, _, err = call("publish", own_runs / "gan", tmp_path / "site", "--yes")
    assert code == 0
    assert "repeats what it was shown" in err
    card = json.loads((tmp_path / "site" / "about.json").read_text())["page"]["card"]
    assert card["memorisation"]["verdict"] == "bad"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--precision", "int4"], "int8, fp16, fp32"),
        (["--language", "fr"], "en, de"),
        (["--url", "people"], "https://"),
        (["--directions", "nowhere.json"], "no such file"),
        (["--title", "x" * 300], "shorten"),
    ],
)
def test_what_makes_no_page_is_one_line(
    call: Call, first_run: FirstRun, tmp_path: Path, words: list[str], said: str
) -> None:
    code, out, err = call("publish", first_run("gan").folder.path, tmp_path / "site", *words)
    assert (code, out) == (2, "")
    (line,) = [each for each in err.splitlines() if each.startswith("nonesuch:")]
    assert said in line
    assert not (tmp_path / "site").exists()


def test_a_folder_of_somebody_elses_is_looked_at_before_any_work(
    call: Call, first_run: FirstRun, tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    code, _, err = call("publish", first_run("gan").folder.path, tmp_path)
    assert code == 2
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
