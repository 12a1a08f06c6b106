"""Both runtimes of the ES module in a real Chromium against torch: a seed is the same picture, to one grey level."""

import base64
import gzip
import json
import math
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from playwright.sync_api import Browser, Page

from browser import ROOT, build_script
from made_export import exported, run_folder
from nonesuch import seeds
from nonesuch.evaluation.sampling import as_pictures, latents
from nonesuch.exporting import runtime
from nonesuch.library import open_run
from nonesuch.models.likelihood import log_likelihood, log_prior_over_code
from nonesuch.pixels import to_signed
from watched import hosted

SEEDS = 1000
MOST_BYTES = 12_000
"""Of the tiny runtime, gzipped."""
DRAW = """
async ([runtime, precision, count, options]) => {
  const { load } = await import('/nonesuch.js');
  const model = await load('/manifest.json', { runtime, precision });
  const seeds = Array.from({ length: count }, (_, at) => at);
  const pictures = await model.sample(seeds, options);
  const { width, height } = pictures[0];
  const all = new Uint8Array(pictures.length * width * height * 3);
  let to = 0;
  for (const { data } of pictures)
    for (let at = 0; at < data.length; at++) if (at % 4 !== 3) all[to++] = data[at];
  const chunks = [];
  for (let at = 0; at < all.length; at += 30000) chunks.push(String.fromCharCode(...all.subarray(at, at + 30000)));
  return { bytes: btoa(chunks.join('')), runtime: await model.runtimeOf('draw'), width, height };
}
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """Of each kind the run, and its exported folder."""
    where = tmp_path_factory.mktemp("exports")
    runs = {kind: run_folder(kind, where / "runs") for kind in ("gan", "vae", "cnn")}
    return {kind: (run, exported(run, where / kind)) for kind, run in runs.items()}


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page whose console stays silent."""
    context = chromium.new_context()
    found = context.new_page()
    errors: list[str] = []
    found.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    found.on("pageerror", lambda error: errors.append(str(error)))
    yield found
    context.close()
    assert not errors, errors


def blank(page: Page, address: str) -> None:
    """A page of the server's own origin, with nothing on it."""
    page.route("**/blank.html", lambda route: route.fulfill(body="<!doctype html><title>blank</title>"))
    page.goto(f"{address}/blank.html")


def by_torch(run: Path, wanted: range) -> Any:
    """Pictures (N, H, W, C) as the command line draws them: by torch, in float32, of the class that each seed says."""
    return open_run(run).sample(wanted)


@torch.inference_mode()
def bound_by_torch(net: Any, images: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor) -> float:
    """log of the mean of p(x|z) p(z) / q(z|x) of 256 codes, code k from stream k of seed 0."""
    noise = torch.from_numpy(np.stack([seeds.normal(0, mean.shape[1], stream) for stream in range(256)]))[:, None]
    z = mean + (log_variance / 2).exp() * noise
    decoded = net.decode(z.flatten(0, 1)).view(256, *images.shape)
    weights = log_likelihood("gaussian", images, decoded, net.log_noise).double()
    weights += log_prior_over_code(mean.double(), log_variance.double(), noise.double())
    return float(weights.logsumexp(0)) - math.log(256)


@pytest.mark.parametrize("kind", ["gan", "vae"])
@pytest.mark.parametrize("runtime", ["tiny", "onnx"])
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_seed_is_the_same_picture_as_in_torch(
    folders: dict[str, tuple[Path, Path]], page: Page, kind: str, runtime: str, precision: str
) -> None:
    run, folder = folders[kind]
    wanted = by_torch(run, range(SEEDS)).astype(int)
    with hosted(folder) as address:
        blank(page, address)
        found = page.evaluate(DRAW, [runtime, precision, SEEDS, {}])
    pixels = np.frombuffer(base64.b64decode(found["bytes"]), np.uint8).reshape(wanted.shape)
    assert found["runtime"] == runtime
    assert np.abs(pixels - wanted).max() <= 1


def test_int8_differs_by_what_the_manifest_says(folders: dict[str, tuple[Path, Path]], page: Page) -> None:
    """Rounded weights draw other pictures; the browser draws those of onnxruntime."""
    _, folder = folders["gan"]
    session = onnxruntime.InferenceSession(folder / "draw.int8.onnx", providers=["CPUExecutionProvider"])
    manifest = json.loads((folder / "manifest.json").read_text())
    labels = np.arange(64) % len(manifest["classes"])
    (images,) = session.run(None, {"z": latents(range(64), manifest["latent"]["size"]).numpy(), "label": labels})
    wanted = as_pictures(torch.from_numpy(images)).astype(int)
    with hosted(folder) as address:
        blank(page, address)
        for runtime in ("tiny", "onnx"):
            found = page.evaluate(DRAW, [runtime, "int8", 64, {}])
            pixels = np.frombuffer(base64.b64decode(found["bytes"]), np.uint8).reshape(wanted.shape)
            assert np.abs(pixels - wanted).max() <= 1


def test_a_mixture_of_codes_is_drawn_from_as_on_the_command_line(
    folders: dict[str, tuple[Path, Path]], page: Page
) -> None:
    run, folder = folders["vae"]
    opened = open_run(run)
    wanted = opened.sample(range(32), mixture=True).astype(int)
    with hosted(folder) as address:
        blank(page, address)
        found = page.evaluate(DRAW, ["auto", "fp32", 32, {"mixture": True}])
    assert found["runtime"] == "tiny"
    pixels = np.frombuffer(base64.b64decode(found["bytes"]), np.uint8).reshape(wanted.shape)
    assert np.abs(pixels - wanted).max() <= 1


def test_nothing_is_fetched_that_is_not_used(folders: dict[str, tuple[Path, Path]], page: Page) -> None:
    _, folder = folders["gan"]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with hosted(folder) as address:
        blank(page, address)
        page.evaluate(DRAW, ["tiny", "int8", 1, {}])
        assert [each.removeprefix(address) for each in asked] == [
            "/blank.html", "/nonesuch.js", "/manifest.json", "/draw.int8.onnx",
        ]  # fmt: skip
        page.evaluate(DRAW, ["onnx", "int8", 1, {}])
        assert f"{address}/ort-wasm-simd-threaded.wasm" in asked
        assert [each for each in asked if not each.startswith(address)] == []


def test_without_webassembly_the_tiny_runtime_is_taken(folders: dict[str, tuple[Path, Path]], page: Page) -> None:
    _, folder = folders["gan"]
    page.add_init_script("delete globalThis.WebAssembly")
    with hosted(folder) as address:
        blank(page, address)
        assert page.evaluate(DRAW, ["auto", "int8", 1, {}])["runtime"] == "tiny"


def test_a_classifier_answers_and_explains_as_onnxruntime_does(
    folders: dict[str, tuple[Path, Path]], page: Page
) -> None:
    _, folder = folders["cnn"]
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (16, 16, 3)).astype(np.uint8)
    manifest = json.loads((folder / "manifest.json").read_text())
    filters = np.array(manifest["filters"]["values"], np.float32).reshape(manifest["filters"]["shape"])
    changed = filters.copy()
    changed[0] *= -3
    signed = to_signed(torch.from_numpy(pixels).permute(2, 0, 1)[None]).numpy()
    session = onnxruntime.InferenceSession(folder / "answer.fp32.onnx", providers=["CPUExecutionProvider"])
    plain = session.run(None, {"picture": signed, "filters": filters})
    other = session.run(None, {"picture": signed, "filters": changed})
    target = np.eye(len(manifest["classes"]), dtype=np.float32)[[2]]
    explain = onnxruntime.InferenceSession(folder / "explain.fp32.onnx", providers=["CPUExecutionProvider"])
    (cam,) = explain.run(["cam"], {"picture": signed, "target": target})
    asked = """
    async ([runtime, bytes, filters]) => {
      const { load } = await import('/nonesuch.js');
      const model = await load('/manifest.json', { runtime, precision: 'fp32' });
      const rgba = new Uint8ClampedArray(16 * 16 * 4).fill(255);
      bytes.forEach((value, at) => (rgba[Math.floor(at / 3) * 4 + (at % 3)] = value));
      const picture = new ImageData(rgba, 16, 16);
      const [plain, other] = [await model.predict(picture), await model.predict(picture, { filters })];
      const heat = await model.explain(picture, model.manifest.classes[2]);
      return { plain: [...plain.logits], other: [...other.logits], first: plain.classes[0].name, way: heat.way,
               map: [...plain.maps['map.3'].values], cam: [...heat.values], size: [heat.height, heat.width] };
    }
    """
    with hosted(folder) as address:
        blank(page, address)
        for runtime in ("tiny", "onnx"):
            found = page.evaluate(asked, [runtime, pixels.flatten().tolist(), changed.flatten().tolist()])
            np.testing.assert_allclose(found["plain"], plain[0][0], atol=2e-4)
            np.testing.assert_allclose(found["other"], other[0][0], atol=2e-4)
            np.testing.assert_allclose(found["map"], plain[4].flatten(), atol=2e-4)
            np.testing.assert_allclose(found["cam"], cam.flatten(), atol=2e-5)
            assert found["first"] == manifest["classes"][int(plain[0].argmax())]
            assert (found["way"], found["size"]) == ("cam", list(cam.shape[1:]))
    assert np.abs(plain[0] - other[0]).max() > 0.01


def test_a_vae_codes_and_bounds_a_picture_as_torch_does(folders: dict[str, tuple[Path, Path]], page: Page) -> None:
    run, folder = folders["vae"]
    pixels = by_torch(run, range(5, 6))[0]
    net, signed = open_run(run).net, to_signed(torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None])
    net.eval()
    with torch.inference_mode():
        mean, log_variance = net.encode(signed)
    assert log_variance is not None
    bound = bound_by_torch(net, signed, mean, log_variance)
    asked = """
    async ([bytes]) => {
      const { load } = await import('/nonesuch.js');
      const model = await load('/manifest.json', { precision: 'fp32' });
      const rgba = new Uint8ClampedArray(16 * 16 * 4).fill(255);
      bytes.forEach((value, at) => (rgba[Math.floor(at / 3) * 4 + (at % 3)] = value));
      const picture = new ImageData(rgba, 16, 16);
      const { mean, logVariance } = await model.encode(picture);
      return { mean: [...mean], logVariance: [...logVariance], bound: await model.bound(picture, { samples: 256 }) };
    }
    """
    with hosted(folder) as address:
        blank(page, address)
        found = page.evaluate(asked, [pixels.flatten().tolist()])
    np.testing.assert_allclose(found["mean"], mean[0], atol=1e-4)
    np.testing.assert_allclose(found["logVariance"], log_variance[0], atol=1e-4)
    # Of the same codes: with 256 others it moves by ten nats.
    assert abs(found["bound"]["nats"] - bound) < 0.01


def test_the_module_is_one_file_without_imports() -> None:
    module = (runtime.STATIC / runtime.MODULE).read_text()
    assert re.findall(r"^\s*import\b[^(.]", module, re.MULTILINE) == []
    assert "data:application/wasm" not in module


def test_the_tiny_runtime_is_small(tmp_path: Path) -> None:
    """Under 12 kB gzipped: the runtime alone, bundled and minified."""
    script = """
    import { build } from 'vite';
    await build({ configFile: false, logLevel: 'error', publicDir: false, build: { outDir: process.argv[1],
      minify: true, rolldownOptions: { input: 'src/model/tiny.ts', preserveEntrySignatures: 'strict',
                         output: { entryFileNames: 'tiny.js', minify: true } } } });
    """
    command = ["node", "--input-type=module", "-e", script, str(tmp_path)]
    # node may be a Python package here.
    subprocess.run(command, cwd=ROOT / "web", check=True, capture_output=True, env=build_script().npm()[1])
    size = len(gzip.compress((tmp_path / "tiny.js").read_bytes(), 9))
    assert 4_000 < size < MOST_BYTES
