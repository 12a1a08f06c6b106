"""Row W9: slow, endless, greedy and many clients at once, while somebody else waits for a small answer.

python tests/oracles/slow_clients.py        prints one JSON line; exit code 1 where a number is missed
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

SLOW, SAMPLINGS, GIGABYTE = 200, 64, 1 << 30
MOST_HEALTH_SECONDS, MOST_MEGABYTES = 0.2, 600


class Studio:
    """A real server in a process of its own."""

    def __init__(self, runs: Path) -> None:
        command = [sys.executable, "-m", "nonesuch", "studio", "--no-browser", "--runs", str(runs)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "NONESUCH_CACHE": str(runs.parent / "cache")}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=runs.parent)
        assert self.process.stdout is not None
        found = re.search(r":(\d+)/\?token=(\S+)", self.process.stdout.readline())
        assert found is not None
        self.port = int(found[1])
        self.head = f"Host: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {found[2]}\r\n"
        self.statuses: list[int] = []

    def megabytes(self) -> float:
        """The most memory that it has had so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1024

    async def ask(self, line: str, headers: str = "", body: bytes = b"", times: int = 1) -> int:
        """One request, `body` sent so many times; its status, 0 where the server hung up first."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        status = 0
        # Listened to while sending: the server refuses in the middle of what is too long, and hangs up.
        answer = asyncio.create_task(reader.readline())
        with suppress(ConnectionError):
            writer.write(f"{line} HTTP/1.1\r\n{self.head}{headers}Connection: close\r\n\r\n".encode())
            for _ in range(times if body else 0):
                writer.write(body)
                await writer.drain()
        with suppress(ConnectionError, IndexError):
            status = int((await answer).split()[1])
            while await reader.read(1 << 16):
                pass
        writer.close()
        self.statuses.append(status)
        return status

    async def crawl(self, seconds: float) -> None:
        """A client that sends one letter of its request every half second."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        deadline = time.monotonic() + seconds
        for letter in f"GET /api/runs HTTP/1.1\r\n{self.head}X: " + "a" * 1000:
            if time.monotonic() > deadline or writer.is_closing():
                break
            writer.write(letter.encode())
            await asyncio.sleep(0.5)
        writer.close()

    async def health(self, seconds: float) -> list[float]:
        """How long a small answer takes, again and again."""
        taken = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            began = time.perf_counter()
            assert await self.ask("GET /api/tasks") == 200
            taken.append(time.perf_counter() - began)
            await asyncio.sleep(0.02)
        return sorted(taken)


async def attack(studio: Studio, run: str, seconds: float) -> dict[str, object]:
    """All of it at once."""
    await studio.ask(f"GET /api/pictures/seed:{run}:0")
    before = studio.megabytes()
    crawling = [asyncio.create_task(studio.crawl(seconds)) for _ in range(SLOW)]
    health = asyncio.create_task(studio.health(seconds))
    ranges = "Range: bytes=" + ",".join(f"{n}-{n + 1}" for n in range(0, 8000, 4)) + "\r\n"
    said = f"Content-Length: {GIGABYTE}\r\nContent-Type: application/octet-stream\r\n"
    field = f"Content-Length: {GIGABYTE}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    chunked = "Transfer-Encoding: chunked\r\nContent-Type: application/octet-stream\r\n"
    piece = b"100000\r\n" + b"\0" * (1 << 20) + b"\r\n"
    statuses = {
        "sampled": asyncio.gather(*(studio.ask(f"GET /api/pictures/seed:{run}:{n}") for n in range(SAMPLINGS))),
        "said 1 GB": asyncio.gather(studio.ask("POST /api/pictures", said, b"\0" * (1 << 20), 4)),
        "field of 1 GB": asyncio.gather(studio.ask("POST /api/work/packing", field, b"\0" * (1 << 20), 4)),
        "1 GB in pieces": asyncio.gather(*(studio.ask("POST /api/pictures", chunked, piece, 1024) for _ in range(4))),
        "ranges": asyncio.gather(*(studio.ask("GET /", ranges) for _ in range(20))),
        "long head": asyncio.gather(studio.ask("GET /", f"X: {'a' * 200_000}\r\n")),
    }
    found = {name: sorted(set(await answers)) for name, answers in statuses.items()}
    taken = await health
    await asyncio.gather(*crawling)
    p99 = taken[int(len(taken) * 0.99)]
    megabytes = studio.megabytes()
    passed = p99 < MOST_HEALTH_SECONDS and megabytes < MOST_MEGABYTES and max(studio.statuses) < 500
    return {
        "id": "W9", "n": len(studio.statuses) + SLOW, "passed": passed,
        "p50_ms": round(1000 * taken[len(taken) // 2], 1), "p99_ms": round(1000 * p99, 1),
        "megabytes": round(megabytes), "before": round(before), "statuses": found,
    }  # fmt: skip


def main() -> int:
    """Train a small GAN, and attack the studio that shows it."""
    from made_data import folder_of_bars
    from made_runs import small
    from nonesuch import library

    with tempfile.TemporaryDirectory() as folder:
        os.environ["NONESUCH_CACHE"] = f"{folder}/cache"
        runs = Path(folder) / "runs"
        library.train(small(folder_of_bars(Path(folder) / "bars"), "gan"), runs / "made")
        studio = Studio(runs)
        try:
            found = asyncio.run(attack(studio, "made", 20))
        finally:
            studio.process.terminate()
            studio.process.wait(10)
    print(json.dumps(found))
    return int(not found["passed"])


if __name__ == "__main__":
    sys.exit(main())
