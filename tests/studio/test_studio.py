"""The studio's one thread for nets, its opened runs, and pictures that a net draws."""

import asyncio
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from made_studio import BEARER, ORIGIN, PORT, TOKEN, made_places, made_run
from nonesuch.data.decode import decode
from nonesuch.seeds import SEED_LIMIT
from nonesuch.studio.app import create_app
from nonesuch.studio.errors import GoneError, MissingError
from nonesuch.studio.gate import Address
from nonesuch.studio.places import is_data_id, named
from nonesuch.studio.studio import Studio
from nonesuch.studio.wire.base import MOST_WHOLE, Block

if TYPE_CHECKING:
    from nonesuch.evaluation.run import Run


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """A studio without a server."""
    found = Studio(made_places(tmp_path), Address(PORT, TOKEN))
    yield found
    found.close()


def _request(gone: bool) -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect" if gone else "http.request"}

    return Request({"type": "http", "headers": []}, receive)


def test_work_for_nets_is_done_one_after_the_other_in_the_order_asked(studio: Studio) -> None:
    busy, done, threads = threading.Lock(), list[int](), set[int]()

    def work(number: int) -> int:
        assert busy.acquire(blocking=False), "two at once"
        time.sleep(0.01)
        busy.release()
        done.append(number)
        threads.add(threading.get_ident())
        return number

    async def ask() -> list[int]:
        return await asyncio.gather(*(studio.compute(lambda number=number: work(number)) for number in range(8)))

    assert asyncio.run(ask()) == done == list(range(8))
    assert len(threads) == 1


def test_work_whose_page_has_gone_is_not_begun(studio: Studio) -> None:
    done: list[str] = []

    async def ask() -> None:
        await studio.compute(lambda: done.append("here"), _request(gone=False))
        with pytest.raises(GoneError):
            await studio.compute(lambda: done.append("gone"), _request(gone=True))

    asyncio.run(ask())
    assert done == ["here"]


def test_an_error_in_the_work_reaches_whoever_asked(studio: Studio) -> None:
    def broken() -> None:
        raise MissingError("nothing")

    async def ask() -> None:
        with pytest.raises(MissingError):
            await studio.compute(broken)
        assert await studio.compute(lambda: 1) == 1

    asyncio.run(ask())


def test_four_runs_stay_open_and_a_newer_snapshot_opens_one_again(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def run(folder: Any) -> SimpleNamespace:
        opened.append(folder.id)
        return SimpleNamespace(folder=folder)

    monkeypatch.setattr("nonesuch.evaluation.run.Run", run)
    names = [made_run(studio.runs, f"20261124-14000{n}-gan-faces-ab12", 1).id for n in range(5)]
    for name in [*names[:4], names[0], names[4], names[0], names[1]]:
        studio.opened(name)
    assert opened == [*names[:4], names[4], names[1]]
    (studio.places.runs / names[0] / "snapshots" / "000000000640").mkdir(parents=True)
    studio.opened(names[0])
    studio.opened(names[0])
    assert opened[-1] == names[0]
    assert len(opened) == 7


def test_a_seed_of_a_real_run_is_the_picture_that_the_library_draws(made_runs: Any, tmp_path: Path) -> None:
    run: Run = made_runs("gan")
    places = made_places(tmp_path)
    (places.runs / "linked").symlink_to(run.folder.path)
    shutil.copytree(run.folder.path, places.runs / "made")
    app = create_app(Studio(places, Address(PORT, TOKEN)))
    with TestClient(app, base_url=ORIGIN, headers=BEARER) as client:
        drawn, row = client.get("/api/pictures/seed:made:7"), client.get("/api/pictures/run:made:test:0")
        missing = ("seed:linked:7", "run:made:test:9999", "seed:none:1")
        assert [client.get(f"/api/pictures/{name}").status_code for name in missing] == [404, 404, 404]
        assert client.get(f"/api/pictures/seed:made:{2**53}").status_code == 400
    assert (decode(drawn.content) == run.sample([7])[0]).all()
    assert decode(row.content).shape == (*run.recipe.data.size, run.recipe.data.channels)


def test_data_of_the_command_line_has_names_that_differ(tmp_path: Path) -> None:
    for folder in ("a/cats", "b/cats", "c/pixelfolk", "d/odd:na me\n"):
        (tmp_path / folder).mkdir(parents=True)
    found = named(
        [str(tmp_path / folder) for folder in ("a/cats", "b/cats", "c/pixelfolk", "d/odd:na me\n")] + ["emoji"]
    )
    assert list(found) == ["cats", "cats-2", "pixelfolk-2", "odd-na me-"]
    assert all(is_data_id(name) for name in found)


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "a\\b", "a:b", "a\0", "a\n", "a" * 101, "\ud800"])
def test_what_cannot_be_the_id_of_data(name: str) -> None:
    assert not is_data_id(name)


def test_seeds_on_the_wire_are_the_seeds_there_are() -> None:
    assert MOST_WHOLE + 1 == SEED_LIMIT


@pytest.mark.parametrize(
    "array", [np.arange(6, dtype=np.uint8).reshape(2, 3), np.float32([[1.5, -2]]), np.zeros((0, 2), np.float32)]
)
def test_blocks_of_numbers_come_back_as_they_were(array: Any) -> None:
    block = Block.model_validate_json(Block.of(array).model_dump_json())
    assert block.array().dtype == array.dtype
    assert (block.array() == array).all()
    assert block.array().shape == array.shape


@pytest.mark.parametrize(
    ("shape", "data"), [([2], "AAAA"), ([1], "AAAAwH8="), ([1], "AADAfw=="), ([1], "no base64"), ([9], "")]
)
def test_blocks_that_hold_something_else_are_refused(shape: list[int], data: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)base64|cannot|multiple|finite|padding|size"):
        Block(shape=shape, dtype="float32", data=data).array()
