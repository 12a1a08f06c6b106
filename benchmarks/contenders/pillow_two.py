"""Two processes of bare Pillow: decode every picture of a folder into one shared uint8 array."""

import json
import multiprocessing
import time
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np
from folder_task import SIDE, folder_option
from PIL import Image

PROCESSES = 2


def main() -> None:
    started = time.perf_counter()
    files = sorted(folder_option(__doc__ or "").glob("*/*.jpg"))
    memory = SharedMemory(create=True, size=len(files) * SIDE * SIDE * 3)
    try:
        workers = [multiprocessing.Process(target=decode, args=(files, memory.name, part)) for part in range(PROCESSES)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
            if worker.exitcode:
                raise SystemExit(f"a worker ended with {worker.exitcode}")
        seconds = time.perf_counter() - started
        total = int(np.frombuffer(memory.buf, np.uint8).sum(dtype=np.int64))
    finally:
        memory.unlink()
    print(json.dumps({"kind": "epoch", "images": len(files), "seconds": seconds, "sum": total}))


def decode(files: list[Path], memory_name: str, part: int) -> None:
    """Every PROCESSES-th file, from `part` on."""
    memory = SharedMemory(memory_name)
    pixels = np.ndarray((len(files), SIDE, SIDE, 3), np.uint8, memory.buf)
    for number in range(part, len(files), PROCESSES):
        with Image.open(files[number]) as picture:
            pixels[number] = np.asarray(picture.convert("RGB"))
    del pixels
    memory.close()


if __name__ == "__main__":
    main()
