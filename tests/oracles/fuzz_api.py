"""Row L1: schemathesis asks a real server whatever the contract allows, and whatever it forbids, until told to stop.

python tests/oracles/fuzz_api.py [--cases N] [--seed N]        prints one JSON line; exit code 1 for any failure

The first sitting goes through all that can be wrong with each operation, which is some thousand cases; further ones,
each with a seed of its own, make up what is missing. On stderr: which answers took the server longest.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

import made_studio  # noqa: E402
from nonesuch.studio import jobs, tasks  # noqa: E402
from nonesuch.studio.app import create_app  # noqa: E402

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,ignored_auth,unsupported_method,allow_header_conformance"
)
FIRST, LATER = "examples,coverage,fuzzing,stateful", "fuzzing,stateful"
FEW, MOST = 5, 60
"""Examples for each operation in one sitting: a count is known at the end of a sitting only."""
PATIENCE_SECONDS, SITTING_SECONDS = 60, 1800
Timed = dict[tuple[str, str, int], list[float]]


def fuzz(cases: int, seed: int, folder: Path) -> dict[str, Any]:
    """At least so many cases over all operations; what was found."""
    # Children without a net: what is asked here is the server.
    jobs.TRAINER, tasks.WORKER = "tiny_job", "tiny_work"
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "tests" / "oracles"), *sys.path])
    os.environ["NONESUCH_CACHE"], os.environ["NONESUCH_OFFLINE"] = str(folder / "cache"), "1"
    timed: Timed = defaultdict(list)
    began, asked, failed, said = time.monotonic(), 0, 0, ""
    with made_studio.served(folder / "home", watch=_timing(timed)) as (studio, address):
        contract = folder / "openapi.json"
        document = create_app(studio).openapi()
        contract.write_text(json.dumps(document))
        operations = sum(len(path) for path in document["paths"].values())
        _warmed(address)
        while asked < cases and not failed:
            missing = (cases - asked) // (2 * operations) if asked else 0
            examples = min(MOST, max(FEW, missing))
            phases = LATER if asked else FIRST
            count, failed, said = _once(contract, address, examples, phases, seed, folder)
            asked, seed = asked + count, seed + 1
            print(f"{asked:,} cases, {failed} failures, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        for line in studio.tasks.known():
            studio.tasks.cancel(line.id)
    _tell(timed)
    worst = max((status for _, _, status in timed), default=0)
    seconds = round(time.monotonic() - began, 1)
    return {
        "id": "L1", "n": asked, "passed": asked - failed, "worst_status": worst, "seconds": seconds, "seed": seed - 1,
        "said": said,
    }  # fmt: skip


def _warmed(address: str) -> None:
    """Let the server load torch before the first question is timed: that takes as long as the machine likes."""
    import httpx2

    headers = made_studio.BEARER
    httpx2.get(f"{address}/api/train/form/gan", headers=headers, timeout=10 * PATIENCE_SECONDS).raise_for_status()


def _once(contract: Path, address: str, examples: int, phases: str, seed: int, folder: Path) -> tuple[int, int, str]:
    """Cases, failures, and what schemathesis says at its end. No count counts as a failure."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(contract), "--url", address, "--workers", "1"),
        *("--header", f"Authorization: Bearer {made_studio.TOKEN}", "--checks", CHECKS, "--seed", str(seed)),
        *("--mode", "all", "--max-examples", str(examples), "--request-timeout", str(PATIENCE_SECONDS)),
        *("--suppress-health-check", "all", "--phases", phases, "--warnings", "off"),
        *("--continue-on-failure", "--no-color"),
    ]
    try:
        run = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False, timeout=SITTING_SECONDS)
    except subprocess.TimeoutExpired as error:
        return 0, 1, f"no end within {SITTING_SECONDS} s: {(error.stdout or b'')[-3000:]!r}"
    count = re.search(r"([\d,]+) generated", run.stdout)
    failures = re.search(r"([\d,]+) found (\d+) unique", run.stdout)
    end = run.stdout[run.stdout.rfind("Test cases") :].strip()
    asked = int(count[1].replace(",", "")) if count else 0
    wrong = int(failures[2]) if failures else int(run.returncode != 0 or not asked)
    return asked, wrong, end if not run.returncode else run.stdout[-6000:] + run.stderr[-2000:]


def _timing(timed: Timed) -> Callable[[ASGIApp], ASGIApp]:
    """Middleware that notes how long each answer took: (method, route, status) -> seconds."""

    def wrapped(app: ASGIApp) -> ASGIApp:
        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            began, status = time.monotonic(), 0

            async def told() -> Message:
                # An event stream has no end of its own: after a second its reader goes.
                if scope.get("path") == "/api/events" and time.monotonic() - began > 1:
                    return {"type": "http.disconnect"}
                return await receive()

            async def noted(message: Message) -> None:
                nonlocal status
                status = message.get("status", status)
                await send(message)

            try:
                await app(scope, told, noted)
            finally:
                route = getattr(scope.get("route"), "path", "elsewhere")
                timed[scope.get("method", ""), route, status].append(time.monotonic() - began)

        return watched

    return wrapped


def _tell(timed: Timed) -> None:
    for (method, route, status), seconds in sorted(timed.items(), key=lambda each: -sum(each[1]))[:15]:
        line = f"{sum(seconds):8.1f} s in all, {max(seconds):6.2f} s at most, {len(seconds):6,} times"
        print(f"{line}  {status} {method} {route}", file=sys.stderr)


def main() -> int:
    """Fuzz, and print what was found."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--cases", type=int, default=10_000)
    words.add_argument("--seed", type=int, default=0)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = fuzz(given.cases, given.seed, Path(folder))
    print(found.pop("said"), file=sys.stderr)
    print(json.dumps(found))
    return int(found["passed"] < max(found["n"], 1) or found["n"] < given.cases or found["worst_status"] >= 500)


if __name__ == "__main__":
    sys.exit(main())
