"""What the makers of docs share: a public command of nonesuch, run in their folder."""

import shlex
import subprocess
import sys
from pathlib import Path


def call(command: str, folder: Path) -> None:
    """Run `nonesuch ...` there. Raises CalledProcessError when it fails."""
    print(f"nonesuch {command}", flush=True)
    subprocess.run([sys.executable, "-m", "nonesuch", *shlex.split(command)], cwd=folder, check=True, stdout=sys.stderr)
