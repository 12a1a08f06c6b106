"""The event stream against a real server: nothing is lost or told twice, whoever breaks off, and it ends when we do."""

import json
import time
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError

import pytest

from made_studio import RUN, heard, made_run, served
from nonesuch.runs.events_log import EventLog

SECOND = "20261124-120001-gan-faces-cd34"


def _ended(message: dict[str, object]) -> bool:
    return message.get("alive") is not None


def test_a_log_is_told_from_the_beginning_and_as_it_grows(tmp_path: Path) -> None:
    with served(tmp_path) as (studio, address):
        run = studio.run(RUN)

        def write_and_wait(message: dict[str, Any]) -> bool:
            if "alive" in message:
                with EventLog(run.path) as log:
                    log.append({"kind": "noted", "images_seen": 9, "seconds": 1.0, "signal": "new", "message": "here"})
            return bool(message.get("event", {}).get("kind") == "noted")

        found = heard(address, f"run:{RUN}", write_and_wait)
    events = [message["event"] for _, message in found if "event" in message]
    assert [event["kind"] for event in events] == ["started", *["stepped"] * 40, "stopped", "noted"]
    assert [message["alive"] for _, message in found if "alive" in message] == [False]


def test_after_a_break_it_goes_on_where_the_last_id_was(tmp_path: Path) -> None:
    """Broken off after every message in turn, two logs in one stream: each event once, in order."""
    with served(tmp_path) as (studio, address):
        made_run(studio.runs, SECOND, steps=6)
        follow, last = f"run:{SECOND},run:{RUN}", ""
        told: list[tuple[str, int]] = []
        whole = heard(address, follow, lambda one: one.get("alive") is not None and one["source"] == f"run:{RUN}")
        while len(told) < 8 + 42:
            found = heard(address, follow, lambda one: "event" in one, last)
            place, message = found[-1]
            told.append((message["source"], message["start"]))
            last = place
    assert told == [(message["source"], message["start"]) for _, message in whole if "event" in message]
    assert len(set(told)) == 50


def test_a_log_that_was_cut_back_is_told_anew(tmp_path: Path) -> None:
    with served(tmp_path) as (studio, address):
        run = studio.run(RUN)
        whole = heard(address, f"run:{RUN}", _ended)
        EventLog(run.path, cut_to=300).close()
        found = heard(address, f"run:{RUN}", _ended, last=whole[-2][0])
    assert found[0][1]["start"] == 0
    assert len(found) < len(whole)


@pytest.mark.parametrize(
    ("follow", "status"),
    [("run:none", 404), ("task:none", 404), ("run:..", 422), ("", 422), (f"run:{RUN},run:{RUN}", 400), ("x:y", 422)],
)
def test_what_cannot_be_followed_is_refused_at_once(tmp_path: Path, follow: str, status: int) -> None:
    with served(tmp_path) as (_, address), pytest.raises(HTTPError) as refused:
        heard(address, follow, _ended)
    assert refused.value.code == status
    assert set(json.load(refused.value)["error"]) == {"kind", "message"}


def test_open_streams_do_not_hold_up_the_end_of_the_server(tmp_path: Path) -> None:
    ended: list[float] = []

    def listen(address: str) -> None:
        heard(address, f"run:{RUN}", lambda _: False)
        ended.append(time.monotonic())

    with served(tmp_path) as (_, address):
        readers = [Thread(target=listen, args=(address,)) for _ in range(3)]
        for reader in readers:
            reader.start()
        time.sleep(0.5)
        began = time.monotonic()
    for reader in readers:
        reader.join(5)
    assert len(ended) == 3
    assert max(ended) - began < 0.9
