"""What tests of the room Data share: pictures, archives, edits, tasks waited for."""

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from starlette.testclient import TestClient

from nonesuch.pixels import png_bytes

RAW = {"content-type": "application/octet-stream"}


def picture(seed: int, side: int = 20) -> bytes:
    rng = np.random.default_rng(seed)
    return png_bytes(rng.integers(0, 256, (side, side + 4, 3), np.uint8), {"Comment": "shot at home"})


def zipped(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


def ended(client: TestClient, begun: Any, seconds: float = 90) -> dict[str, Any]:
    """The detail of a task when it has ended."""
    assert begun.status_code == 202, begun.text
    deadline = time.monotonic() + seconds
    while (found := client.get(f"/api/tasks/{begun.json()['id']}").json())["task"]["state"] == "running":
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return dict(found)


def packed(client: TestClient, name: str, **view: Any) -> dict[str, Any]:
    done = ended(client, client.post("/api/work/packing", json={"data": name, **view}))
    assert done["task"]["state"] == "done", done
    return dict(client.get(f"/api/data/{name}", params=view).json()["detail"])


def edit(client: TestClient, data: str, **what: Any) -> Any:
    return client.post(f"/api/data/{data}/edits", json=what)


def data_root(client: TestClient) -> Path:
    return Path(client.app.state.studio.places.data)  # type: ignore[attr-defined]
