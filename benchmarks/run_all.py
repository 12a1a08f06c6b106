"""Every benchmark of this folder, one after another: a quick pass (under 15 minutes), or --full.

python benchmarks/run_all.py [--full] [--cifar cifar10.zip] [--mnist FOLDER] [--peers-python PATH | --no-peers]

The contenders' environment is made first unless one is named. Ends with all promises, met or missed, in one list.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import harness
import setup_peers
from harness import Target

HERE = Path(__file__).resolve().parent
QUICK = {
    "startup": ["--rounds", "3"],
    "packing": ["--rounds", "2", "--images", "10000"],
    "lecture_speed": ["--rounds", "3", "--seconds", "3"],
    "fast_ceiling": ["--rounds", "3", "--seconds", "4"],
    "gan_step": ["--rounds", "2", "--seconds", "3", "--sizes", "32"],
    "gan_quality": ["--minutes", "0.5", "--seeds", "1"],
    "vae_likelihood": ["--short", "0.3", "--parts", "short", "speed", "--rounds", "1"],
    "sampling": ["--rounds", "3"],
    "kernels": ["--rounds", "3"],
    "looking": [],
    "latent": ["--rounds", "1"],
    "studio_slider": ["--rounds", "20"],
    "camera_kernels": ["--seconds", "2", "--rounds", "10"],
    "published": ["--rounds", "3"],
    "few_pictures": ["--minutes", "0.5"],
    "inversion": ["--minutes", "0.5", "--faces", "20", "--steps", "100"],
    "lecun_table": ["--quick"],
}
FULL = {
    "startup": ["--rounds", "9"],
    "packing": ["--rounds", "5"],
    "lecture_speed": ["--rounds", "11", "--seconds", "5"],
    "fast_ceiling": [],
    "gan_step": ["--rounds", "9", "--seconds", "5"],
    "gan_quality": [],
    "vae_likelihood": [],
    "sampling": [],
    "kernels": [],
    "looking": [],
    "latent": [],
    "studio_slider": [],
    "camera_kernels": [],
    "published": [],
    "few_pictures": [],
    "inversion": [],
    "lecun_table": [],
    "accuracy cifar90": [],
    "accuracy cifar": [],
    "accuracy mnist994": [],
    "accuracy mnist": [],
}
"""Benchmark, with its task where it has several, and its options."""
WITHOUT_PEERS = {
    "camera_kernels",
    "published",
    "lecun_table",
    "gan_step",
    "gan_quality",
    "vae_likelihood",
    "sampling",
    "few_pictures",
    "looking",
    "inversion",
    "latent",
    "studio_slider",
    "kernels",
    "fast_ceiling",
}
LIMIT_SECONDS = {False: 5 * 60, True: 30 * 60}


def main() -> int:
    settings = _options()
    peers = None if settings.no_peers else settings.peers_python or setup_peers.ensure(setup_peers.DEFAULT)
    ended: dict[str, str] = {}
    for name, arguments in (FULL if settings.full else QUICK).items():
        shared = ["--out", str(settings.out), *_data(name, settings)]
        if peers and name not in WITHOUT_PEERS:
            shared += ["--peers-python", str(peers)]
        _results(settings.out, name).unlink(missing_ok=True)
        ended[name] = _run(name, [*arguments, *shared], LIMIT_SECONDS[settings.full])
    print("== all promises")
    for name, reason in ended.items():
        print(f"-- {name}{': ' + reason if reason else ''}")
        harness.print_targets(_targets(_results(settings.out, name)))
    return 1 if any(ended.values()) else 0


def _data(name: str, settings: argparse.Namespace) -> list[str]:
    """Where this benchmark's pictures lie, if that was said; else it looks for them itself."""
    digits = name == "lecun_table" or name.startswith("accuracy mnist")
    pictures = name in ("packing", "fast_ceiling") or name.startswith("accuracy cifar")
    where = settings.mnist if digits else settings.cifar if pictures else None
    return ["--data", str(where)] if where else []


def _results(folder: Path, name: str) -> Path:
    return folder / f"{name.replace(' ', '_')}.json"


def _run(name: str, arguments: list[str], limit: float) -> str:
    """Run one benchmark and let it print; empty when it ended well, otherwise why not."""
    print(f"== {name} {' '.join(arguments)}", flush=True)
    script, *task = name.split()
    child = subprocess.Popen([sys.executable, str(HERE / f"{script}.py"), *task, *arguments])
    try:
        code = child.wait(limit)
    except subprocess.TimeoutExpired:
        return f"stopped after {limit:.0f} s"
    finally:
        child.terminate()
        child.wait()
    return f"exit code {code}" if code else ""


def _targets(path: Path) -> list[Target]:
    if not path.exists():
        return []
    judged = json.loads(path.read_text())["targets"]
    return [Target(t["name"], t["found"], t["bound"], t["at_least"]) for t in judged]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="more rounds, all 50,000 pictures")
    parser.add_argument("--cifar", type=Path, help="CIFAR-10 as a zip; without it packing draws its pictures")
    parser.add_argument("--mnist", type=Path, help="folder with MNIST's idx files; else found by its name")
    parser.add_argument("--peers-python", type=Path, help="python of the contenders' own environment")
    parser.add_argument("--no-peers", action="store_true", help="measure without the contenders' libraries")
    parser.add_argument("--out", type=Path, default=HERE.parent / "build" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
