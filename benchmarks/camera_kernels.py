"""The studio's kernels on a webcam in headless Chromium: pictures a second, and a picture's time beside bare copies.

python benchmarks/camera_kernels.py [--seconds 5]

The built page is served and opened with Chromium's own fake camera, 640x480. First the room itself, as a person has it:
pictures a second that arrive on the canvas, of the 60 that the camera gives at most. Then, with the camera off, the
page's own code on one picture, in turns with what no filter can go without: reading the canvas and writing it, and one
bare loop that copies each number. Compare the ratios: on a shared machine milliseconds mean little.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import harness
from harness import Target

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from playwright.sync_api import Page

import browser
from made_studio import TOKEN, served

KERNELS = {
    "3x3 sharpen": [0, -1, 0, -1, 5, -1, 0, -1, 0],
    "5x5 dense": [(7 * at) % 11 - 5 for at in range(25)],
    "7x7 dense": [(7 * at) % 11 - 5 for at in range(49)],
    "7x7 separable": [(at % 7 + 1) * (at // 7 + 1) for at in range(49)],
}
WANTED_RATE = 30
MEASURE = """
async ({ weights, rounds }) => {
  const { Crew, slider } = window.nonesuchKernels;
  const [width, height] = [640, 480];
  const canvas = new OffscreenCanvas(width, height);
  const drawing = canvas.getContext('2d', { willReadFrequently: true });
  const side = Math.sqrt(weights.length);
  const kernel = { side, across: 0, weights, scale: 1, offset: 0, stride: 1, edge: 'reflect' };
  const noise = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < noise.length; at++) noise[at] = at % 4 === 3 ? 255 : (at * 2654435761) >>> 24;
  drawing.putImageData(new ImageData(noise, width, height), 0, 0);
  const crew = new Crew();
  const alone = slider();
  const read = () => drawing.getImageData(0, 0, width, height).data;
  const write = (values) => drawing.putImageData(new ImageData(values, width, height), 0, 0);
  const picture = () => ({ width, height, step: 4, values: read(), opaque: true });
  const ways = {
    crew: async () => {
      const bands = await crew.draw(kernel, picture(), 3);
      for (const { row, values } of bands) drawing.putImageData(new ImageData(values, width), 0, row);
    },
    alone: async () => write(alone.canvas(kernel, picture(), 3)),
    copy: async () => write(read()),
    loop: async () => {
      const found = read();
      const made = new Uint8ClampedArray(found.length);
      for (let at = 0; at < found.length; at++) made[at] = found[at];
      write(made);
    },
  };
  const names = Object.keys(ways);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -5; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + Math.max(round, 0)) % names.length];
      const began = performance.now();
      await ways[name]();
      if (round >= 0) times[name].push(performance.now() - began);
    }
  }
  crew.close();
  return times;
}
"""


def main() -> int:
    settings = _options()
    browser.FLAGS.append("--use-fake-device-for-media-stream=fps=60")  # the later flag counts
    facts = harness.machine()
    harness.print_machine(facts)
    figures: dict[str, object] = {}
    targets: list[Target] = []
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (_, address), browser.chromium() as opened:
        page = opened.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/?token={TOKEN}")
        for name, weights in KERNELS.items():
            cells = ",".join(map(str, weights))
            page.goto(f"{address}/kernels?camera=yes&preset=custom&scale=1&edge=reflect&cells={cells}")
            rate, given = _rates(page, settings.seconds)
            times: harness.Readings = page.evaluate(MEASURE, {"weights": weights, "rounds": settings.rounds})
            beside = {other: harness.paired_ratio(times["crew"], times[other]) for other in ("copy", "loop", "alone")}
            print(f"\n{name}: {rate:.1f} pictures a second in the room, of {given:.1f} that the camera gave")
            for way, values in times.items():
                print(f"  {way:<6}{harness.median(values):8.1f} ms, the quickest {min(values):.1f}")
            for other, ratio in beside.items():
                print(f"  crew over {other:<6} {ratio}")
            figures[name] = {"rate": rate, "camera": given, "milliseconds": times}
            able = 1000 / harness.median(times["crew"])
            targets.append(Target(f"{name}: pictures a second that the crew can draw", able, WANTED_RATE))
    harness.print_targets(targets)
    harness.write_results(settings.out, "camera_kernels", facts, figures, targets)
    return 0


def _rates(page: Page, seconds: float) -> tuple[float, float]:
    """Pictures a second on the canvas, and from the camera, over so many seconds."""
    page.get_by_role("button", name="Webcam: camera on").click()
    page.locator("canvas[data-drawn]:not([data-drawn='0'])").wait_for(timeout=60_000)
    counts = "({ dataset }) => [+dataset.drawn, +dataset.given, performance.now()]"
    canvas = page.locator("canvas[data-drawn]")
    first = canvas.evaluate(counts)
    page.wait_for_timeout(1000 * seconds)
    last = canvas.evaluate(counts)
    page.get_by_role("button", name="Camera off").click()
    passed = (last[2] - first[2]) / 1000
    return (last[0] - first[0]) / passed, (last[1] - first[1]) / passed


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="of the camera, for each kernel")
    parser.add_argument("--rounds", type=int, default=30, help="turns of each way")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
