"""The exported folder: of the first runs, through the command line; what is in it, and what is refused in one line."""

import errno
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image

import nonesuch as ns
from conftest import Call, MadeRuns
from nonesuch import seeds
from nonesuch.errors import ExportError, MachineError, NonesuchWarning, RecipeError
from nonesuch.evaluation.directions import Space
from nonesuch.evaluation.run import Run
from nonesuch.exporting import check, folder, runtime
from nonesuch.exporting.manifest import Manifest, to_bytes
from nonesuch.pixels import to_pixels
from nonesuch.runs.store import Store
from nonesuch.studio import first_runs
from oracles.limits import file_size_limit

ROOT = Path(__file__).parents[2]
SEEDS = 1000
CHUNK = 250
LEVEL = {"fp32": 1, "fp16": 1}
"""How far a picture's bytes may be from the command line's, of the first runs; int8 says its own difference."""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    store = Store(tmp_path_factory.mktemp("first") / "runs")
    first_runs.provide(store.root)
    return {line.kind: Run(store.get(line.id)) for line in store.list() if line.kind is not None}


@pytest.fixture(scope="module")
def exported(first: dict[str, Run], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("exported")
    return {kind: ns.export(run, out / kind) for kind, run in first.items()}


def manifest_of(out: Path) -> Manifest:
    return Manifest.model_validate_json((out / "manifest.json").read_bytes())


def session(file: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("kind", ["vae", "gan"])
@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_a_thousand_seeds_are_the_command_lines_pictures(
    first: dict[str, Run], exported: dict[str, Path], kind: str, precision: str
) -> None:
    written = manifest_of(exported[kind])
    assert written.latent is not None
    entry = next(each for name, each in written.graphs["draw"].files.items() if name == precision)
    net = session(exported[kind] / entry.file)
    told = first[kind].net.classes if kind == "gan" else 0
    offs = []
    for start in range(0, SEEDS, CHUNK):
        chosen = range(start, start + CHUNK)
        given = {"z": np.stack([seeds.normal(seed, written.latent.size) for seed in chosen])}
        if told:
            given["label"] = np.array([seed % len(written.classes) for seed in chosen])
        pixels = to_pixels(torch.from_numpy(net.run(["picture"], given)[0])).permute(0, 2, 3, 1).numpy()
        offs.append(np.abs(pixels.astype(int) - first[kind].sample(chosen).astype(int)))
    off = np.concatenate(offs)
    if precision in LEVEL:
        assert off.max() <= LEVEL[precision]
    else:
        # Of other seeds, so that the mean is near and the largest of more numbers a little larger.
        assert off.mean() == pytest.approx(entry.difference.mean * 127.5, rel=0.1)
        assert off.max() <= 2.5 * entry.difference.most * 127.5
    assert told == len(written.classes)


def test_files_are_what_the_manifest_says(exported: dict[str, Path]) -> None:
    wanted = {"cnn": {"answer", "explain"}, "vae": {"draw", "encode"}, "gan": {"draw"}}
    for kind, out in exported.items():
        written = manifest_of(out)
        assert set(written.graphs) == wanted[kind]
        named = {entry.file: entry for graph in written.graphs.values() for entry in graph.files.values()}
        assert {path.name for path in out.iterdir()} == {"manifest.json", *named, *runtime.files()}
        for name, entry in named.items():
            data = (out / name).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (entry.bytes, entry.sha256)
            assert entry.difference.most >= entry.difference.mean
        for name, graph in written.graphs.items():
            model = onnx.load(out / f"{name}.int8.onnx")
            for infos, shapes in ((model.graph.input, graph.inputs), (model.graph.output, graph.outputs)):
                found = {
                    info.name: tuple(dim.dim_value or None for dim in info.type.tensor_type.shape.dim) for info in infos
                }
                assert found == dict(shapes)
            assert graph.files["fp32"].bytes > graph.files["fp16"].bytes > graph.files["int8"].bytes
            assert graph.files["fp32"].difference.most < graph.files["fp16"].difference.most


def test_an_export_names_no_place_and_holds_no_picture(exported: dict[str, Path]) -> None:
    home = str(Path.home()).encode()
    for out in exported.values():
        for file in out.glob("*.onnx"):
            data = file.read_bytes()
            assert not [word for word in (b"/tmp", b"/work", home, b".py", b"torch", b"\x89PNG") if word in data]


def test_the_manifest_of_a_vae_can_do_what_the_run_can(first: dict[str, Run], exported: dict[str, Path]) -> None:
    run, written = first["vae"], manifest_of(exported["vae"])
    assert written.prior is not None
    assert written.likelihood is not None
    assert (written.likelihood.kind, written.likelihood.binarise) == ("gaussian", False)
    assert written.likelihood.log_noise == pytest.approx(float(run.net.log_noise.detach()), rel=1e-6)
    share = np.cumsum(written.prior.weights)
    z = []
    for seed in range(40):
        choice = 0.5 * (1 + float(torch.erf(torch.tensor(float(seeds.normal(seed, 1, 1)[0]) / 2**0.5))))
        part = min(int(np.searchsorted(share, choice)), len(share) - 1)
        z.append(np.array(written.prior.means[part]) + np.array(written.prior.factors[part]) @ seeds.normal(seed, 16))
    pictures = session(exported["vae"] / "draw.fp32.onnx").run(["picture"], {"z": np.array(z, np.float32)})[0]
    pixels = to_pixels(torch.from_numpy(pictures)).permute(0, 2, 3, 1).numpy().astype(int)
    assert np.abs(pixels - run.sample(range(40), mixture=True)).max() <= 1


def test_the_manifest_of_a_cnn_has_filters_maps_and_classes(first: dict[str, Run], exported: dict[str, Path]) -> None:
    written = manifest_of(exported["cnn"])
    assert written.classes == first["cnn"].classes
    assert written.filters is not None
    assert written.filters.layer == "conv1"
    assert len(written.filters.values) == np.prod(written.filters.shape)
    assert [layer.output for layer in written.layers] == ["map.0", "map.1", "map.2", "map.3"]
    assert (written.latent, written.prior, written.likelihood) == (None, None, None)
    picture = torch.rand(4, 3, 16, 16) * 2 - 1
    filters = np.array(written.filters.values, np.float32).reshape(written.filters.shape)
    net = session(exported["cnn"] / "answer.fp32.onnx")
    logits = net.run(["logits"], {"picture": picture.numpy(), "filters": filters})[0]
    with torch.no_grad():
        wanted = first["cnn"].net(picture).numpy()
    assert np.abs(logits - wanted).max() <= 1e-5 * np.abs(wanted).max()


def test_a_manifest_is_strict_json_with_a_line_a_key(exported: dict[str, Path]) -> None:
    for out in exported.values():
        text = (out / "manifest.json").read_text()
        assert list(json.loads(text)) == list(Manifest.model_fields)
        assert text.count("\n") == len(Manifest.model_fields) + 2
        assert to_bytes(manifest_of(out)).decode() == text


def test_named_directions_come_along(first: dict[str, Run], tmp_path: Path) -> None:
    shutil.copytree(first["gan"].folder.path, tmp_path / "gan")
    run = ns.open_run(tmp_path / "gan")
    space = Space(run, seen=200)
    found = space.find("random", 2)
    space.keep(found)
    written = manifest_of(ns.export(run, tmp_path / "out", precisions=["int8"]))
    assert [each.name for each in written.directions] == [each.name for each in found]
    np.testing.assert_allclose(written.directions[0].vector, found[0].vector.numpy(), rtol=1e-6)
    assert list(written.graphs["draw"].files) == ["int8"]
    kept = tmp_path / "gan" / "directions.json"
    kept.write_text(kept.read_text().replace('"weights": "', '"weights": "0')[:-1].replace("0", "1", 0))
    with pytest.warns(NonesuchWarning, match="without directions: .*damaged"):
        written = manifest_of(ns.export(run, tmp_path / "out", precisions=["int8"]))
    assert written.directions == ()
    with pytest.raises(ExportError, match=r"none\.json: no such file; give the directions\.json of a run"):
        ns.export(run, tmp_path / "out", directions=tmp_path / "none.json")
    with pytest.raises(ExportError, match="holds a classifier, which has no directions"):
        ns.export(first["cnn"], tmp_path / "out", directions=kept)


def test_the_verb_prints_differences_and_where(call: Call, first: dict[str, Run], tmp_path: Path) -> None:
    run = first["gan"].folder.path
    code, out, err = call("export", run, "--out", tmp_path / "net", "--precision", "int8", "--precision", "fp32")
    assert (code, err) == (0, "")
    head, *rows, last = out.splitlines()
    assert head.split() == ["file", "size", "from", "torch:", "mean", "at", "most"]
    assert [row.split()[0] for row in rows] == ["draw.int8.onnx", "draw.fp32.onnx"]
    assert float(rows[1].split()[-1]) < 1e-5 < float(rows[0].split()[-1])
    assert last == str(tmp_path / "net")
    assert manifest_of(tmp_path / "net").data == "pixelfolk"


def test_without_out_an_export_goes_into_the_run(first: dict[str, Run], tmp_path: Path) -> None:
    shutil.copytree(first["gan"].folder.path, tmp_path / "gan")
    for _ in range(2):
        assert ns.export(tmp_path / "gan", precisions=["fp16"]) == tmp_path / "gan" / "export"
    assert ns.export(tmp_path / "gan", to="safetensors") == tmp_path / "gan" / "export.safetensors"
    assert ns.open_run(tmp_path / "gan").images_seen == manifest_of(tmp_path / "gan" / "export").images_seen


def test_an_export_is_replaced_whole_and_nothing_else_is(first: dict[str, Run], tmp_path: Path) -> None:
    out = tmp_path / "net"
    ns.export(first["cnn"], out, precisions=["int8"])
    ns.export(first["gan"], out, precisions=["fp16"])
    assert {path.name for path in out.iterdir()} == {"manifest.json", "draw.fp16.onnx", *runtime.files()}
    (out / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(ExportError, match="is there and is no export; give another --out, or remove it"):
        ns.export(first["gan"], out, precisions=["fp16"])
    assert (out / "holiday.jpg").read_bytes() == b"mine"
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExportError, match="is there and is no export"):
        ns.export(first["gan"], tmp_path / "file")
    (tmp_path / "link").symlink_to(out)
    with pytest.raises(ExportError, match="is there and is no export"):
        ns.export(first["gan"], tmp_path / "link")
    old = tmp_path / "old"
    old.mkdir()
    (old / "manifest.json").write_text('{"schema_version": 0, "made_by": "nonesuch 0.0.1"}')
    ns.export(first["gan"], old, precisions=["fp16"])
    assert manifest_of(old).kind == "gan"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text('{"name": "a web app of mine"}')
    with pytest.raises(ExportError, match="is there and is no export"):
        ns.export(first["gan"], tmp_path / "other")


@pytest.mark.parametrize("most", [0, 10_000])
def test_a_full_disk_leaves_what_was_there(exported: dict[str, Path], tmp_path: Path, most: int) -> None:
    described, files = manifest_of(exported["gan"]), {f"draw.{each}.onnx": b"x" * 20_000 for each in ("int8", "fp32")}
    shutil.copytree(exported["cnn"], tmp_path / "net")
    before = (tmp_path / "net" / "manifest.json").read_bytes()
    with file_size_limit(most), pytest.raises(MachineError, match=r"cannot write .*net: ") as said:
        folder.write(tmp_path / "net", described, files)
    assert "\n" not in str(said.value)
    assert (tmp_path / "net" / "manifest.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["net"]


def test_a_folder_that_may_not_be_written(
    exported: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = manifest_of(exported["gan"])

    def refused(self: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EACCES, "no")

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(MachineError, match="writing there is not allowed; check owner and mode"):
        folder.write(tmp_path / "net", described, {})


@pytest.mark.parametrize("name", ["onnx", "onnxscript", "onnxruntime"])
def test_a_package_that_is_not_installed(
    call: Call, first: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    code, out, err = call("export", first["gan"].folder.path, "--out", tmp_path / "net")
    assert (code, out) == (2, "")
    assert err == f'nonesuch: {name} is not installed; run: pip install "nonesuch[publish]"\n'
    assert not (tmp_path / "net").exists()
    code, out, err = call("export", first["gan"].folder.path, "--to", "safetensors", "--out", tmp_path / "w")
    assert (code, err) == (0, "")


def test_a_net_that_computes_something_else_is_refused(
    first: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = check.computed

    def off(*given: object) -> dict[str, np.ndarray]:
        return {name: values + np.float32(3e-5) for name, values in real(*given).items()}  # type: ignore[arg-type]

    monkeypatch.setattr(check, "computed", off)
    with pytest.raises(ExportError, match=r"draw: picture is 3\.\de-05 away from torch, more than 1e-05: not exported"):
        ns.export(first["gan"], tmp_path / "net")
    assert not list(tmp_path.iterdir())


def test_a_diverged_net_is_refused(first: dict[str, Run], tmp_path: Path) -> None:
    run = Run(first["gan"].folder)
    with torch.no_grad():
        next(run.net.parameters()).fill_(float("nan"))
    with pytest.raises(ExportError, match="not finite: the net has diverged"):
        ns.export(run, tmp_path / "net")


def test_words_that_are_not_known(call: Call, made_runs: MadeRuns, tmp_path: Path) -> None:
    run = made_runs("gan").folder.path
    for words, said in (
        (["--to", "pickle"], "an export is one of onnx, safetensors; found 'pickle'"),
        (["--precision", "fp8"], "a precision is one of int8, fp16, fp32; found 'fp8'"),
        (["--to", "safetensors", "--out", tmp_path], "is a folder; give --out a file"),
    ):
        code, out, err = call("export", run, "--out", tmp_path / "net", *words)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert said in err
    with pytest.raises(RecipeError):
        ns.export(run, to="keras")


def test_a_run_without_a_snapshot(call: Call, made_runs: MadeRuns, tmp_path: Path) -> None:
    run = tmp_path / "begun"
    run.mkdir()
    shutil.copy(made_runs("gan").folder.path / "recipe.json", run / "recipe.json")
    code, out, err = call("export", run)
    assert (code, out) == (2, "")
    assert err.endswith("has no snapshot yet; train it first\n")
    assert [path.name for path in run.iterdir()] == ["recipe.json"]


@pytest.mark.parametrize("kind", ["vae", "gan"])
def test_the_loading_example_draws_what_the_run_draws(
    call: Call, first: dict[str, Run], tmp_path: Path, kind: str
) -> None:
    code, out, err = call(
        "export", first[kind].folder.path, "--to", "safetensors", "--out", tmp_path / "net.safetensors"
    )
    assert (code, out, err) == (0, f"{tmp_path / 'net.safetensors'}\n", "")
    script = ROOT / "examples" / "load_safetensors.py"
    assert len(script.read_text().splitlines()) <= 30
    subprocess.run([sys.executable, script, tmp_path / "net.safetensors", tmp_path / "one.png"], check=True)
    run = first[kind]
    z = torch.randn(1, run.net.latent, generator=torch.Generator().manual_seed(0))
    wanted = run.drawn_at(z)[0].astype(int)
    assert np.abs(np.asarray(Image.open(tmp_path / "one.png")).astype(int) - wanted).max() <= 1


def test_weights_are_the_averaged_ones_and_say_what_they_are(first: dict[str, Run], tmp_path: Path) -> None:
    from safetensors import safe_open

    file = ns.export(first["cnn"], tmp_path / "a" / "cnn.safetensors", to="safetensors")
    with safe_open(file, framework="pt") as opened:
        about = json.loads(opened.metadata()["nonesuch"])
        assert set(opened.metadata()) == {"nonesuch"}
        for name, tensor in first["cnn"].net.state_dict().items():
            assert torch.equal(opened.get_tensor(name), tensor)
    assert about["net"] == "lecture"
    assert about["shape"] == [3, 16, 16]
    assert about["classes"] == list(first["cnn"].classes)
    assert str(Path.home()) not in json.dumps(about)
