"""Make the environment of the contenders (Keras, skorch, fastai, torchvision), apart from the project's own.

python benchmarks/setup_peers.py [--peers-venv FOLDER]      about a minute; does nothing when it is up to date
"""

import argparse
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PINS = HERE / "requirements-peers.txt"
DEFAULT = HERE.parent / "build" / "peers-venv"
CHECK = "import contenders.torchvision_shim, torchvision, fastai, keras, skorch"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers-venv", type=Path, default=DEFAULT)
    print(ensure(parser.parse_args().peers_venv))
    return 0


def ensure(folder: Path) -> Path:
    """Return the environment's python, made or brought up to date first; raises CalledProcessError when pip fails."""
    python = folder / "bin" / "python"
    stamp = folder / "pins.sha256"
    wanted = hashlib.sha256(PINS.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    if not python.exists():
        print(f"making the contenders' environment in {folder}", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, _pin("torch")], check=True)
    subprocess.run([*pip, "--no-deps", "-r", str(PINS)], check=True)
    subprocess.run([str(python), "-c", CHECK], check=True, cwd=HERE, env=os.environ | {"KERAS_BACKEND": "torch"})
    stamp.write_text(wanted)
    return python


def _pin(package: str) -> str:
    return next(line for line in PINS.read_text().splitlines() if line.startswith(f"{package}=="))


if __name__ == "__main__":
    raise SystemExit(main())
