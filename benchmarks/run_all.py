"""Every benchmark of this folder, one after another: a quick pass (under 15 minutes), or --full.

python benchmarks/run_all.py [--full] [--cifar cifar10.zip] [--peers-python PATH | --no-peers]

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
}
FULL = {
    "startup": ["--rounds", "9"],
    "packing": ["--rounds", "5"],
    "lecture_speed": ["--rounds", "11", "--seconds", "5"],
}
LIMIT_SECONDS = {False: 5 * 60, True: 30 * 60}


def main() -> int:
    settings = _options()
    peers = None if settings.no_peers else settings.peers_python or setup_peers.ensure(setup_peers.DEFAULT)
    shared = ["--out", str(settings.out), *(["--peers-python", str(peers)] if peers else [])]
    ended: dict[str, str] = {}
    for name, arguments in (FULL if settings.full else QUICK).items():
        own = ["--data", str(settings.cifar)] if name == "packing" and settings.cifar else []
        (settings.out / f"{name}.json").unlink(missing_ok=True)
        ended[name] = _run(name, [*arguments, *own, *shared], LIMIT_SECONDS[settings.full])
    print("== all promises")
    for name, reason in ended.items():
        print(f"-- {name}{': ' + reason if reason else ''}")
        harness.print_targets(_targets(settings.out / f"{name}.json"))
    return 1 if any(ended.values()) else 0


def _run(name: str, arguments: list[str], limit: float) -> str:
    """Run one benchmark and let it print; empty when it ended well, otherwise why not."""
    print(f"== {name} {' '.join(arguments)}", flush=True)
    child = subprocess.Popen([sys.executable, str(HERE / f"{name}.py"), *arguments])
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
    parser.add_argument("--cifar", type=Path, help="CIFAR-10 as a zip, for the packing benchmark; else drawn pictures")
    parser.add_argument("--peers-python", type=Path, help="python of the contenders' own environment")
    parser.add_argument("--no-peers", action="store_true", help="measure without the contenders' libraries")
    parser.add_argument("--out", type=Path, default=HERE.parent / "build" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
