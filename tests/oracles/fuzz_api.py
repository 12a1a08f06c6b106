"""Row L1: schemathesis asks a real server whatever the contract allows, and whatever it forbids, until told to stop.

python tests/oracles/fuzz_api.py [--cases N] [--seed N]        prints one JSON line; exit code 1 for any failure
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from made_studio import TOKEN, served  # noqa: E402
from nonesuch.studio import jobs, tasks  # noqa: E402
from nonesuch.studio.app import create_app  # noqa: E402

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,ignored_auth,unsupported_method,allow_header_conformance"
)


def fuzz(cases: int, seed: int, folder: Path) -> dict[str, Any]:
    """At least so many cases over all operations; what was found."""
    # Children without a net: what is asked here is the server.
    jobs.TRAINER, tasks.WORKER = "tiny_job", "tiny_work"
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "tests" / "oracles"), *sys.path])
    os.environ["NONESUCH_CACHE"], os.environ["NONESUCH_OFFLINE"] = str(folder / "cache"), "1"
    began, asked, failed, said = time.monotonic(), 0, 0, ""
    with served(folder / "home") as (studio, address):
        contract = folder / "openapi.json"
        contract.write_text(json.dumps(create_app(studio).openapi()))
        while asked < cases and not failed:
            count, failed, said = _once(contract, address, max(5, cases // 20), seed, folder)
            asked, seed = asked + count, seed + 1
        for line in studio.tasks.known():
            studio.tasks.cancel(line.id)
    seconds = round(time.monotonic() - began, 1)
    return {"id": "L1", "n": asked, "passed": asked - failed, "seconds": seconds, "seed": seed - 1, "said": said}


def _once(contract: Path, address: str, examples: int, seed: int, folder: Path) -> tuple[int, int, str]:
    """Cases, failures, and what schemathesis says at its end."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(contract), "--url", address, "--workers", "1"),
        *("--header", f"Authorization: Bearer {TOKEN}", "--checks", CHECKS, "--seed", str(seed), "--mode", "all"),
        *("--max-examples", str(examples), "--request-timeout", "20", "--continue-on-failure", "--no-color"),
        *("--suppress-health-check", "all", "--phases", "examples,coverage,fuzzing,stateful", "--warnings", "off"),
    ]
    run = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    count = re.search(r"([\d,]+) generated", run.stdout)
    failures = re.search(r"([\d,]+) found (\d+) unique", run.stdout)
    end = run.stdout[run.stdout.rfind("Test cases") :].strip()
    asked = int(count[1].replace(",", "")) if count else 0
    wrong = int(failures[2]) if failures else int(run.returncode != 0)
    return asked, wrong, end if not run.returncode else run.stdout[-6000:] + run.stderr[-2000:]


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
    return int(found["passed"] < max(found["n"], 1))


if __name__ == "__main__":
    sys.exit(main())
