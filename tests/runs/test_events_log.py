"""events.jsonl: whole lines only, cut back on resume, followed while it grows."""

import errno
import json
import os
import resource
import threading
import time
from pathlib import Path

import pytest

from nonesuch.errors import MachineError, RunError
from nonesuch.runs import events_log
from nonesuch.runs.events_log import EventLog, Record


def fill(run: Path, count: int, start: int = 0) -> list[int]:
    """Append `count` events numbered from `start`; the offsets behind each."""
    with EventLog(run) as log:
        return [log.append({"kind": "stepped", "images_seen": start + i}) for i in range(count)]


def numbers(records: list[Record]) -> list[object]:
    return [record.event.get("images_seen", record.event["kind"]) for record in records]


def test_events_come_back_in_order_with_their_places(tmp_path: Path) -> None:
    assert list(events_log.read(tmp_path)) == []
    events = [{"kind": "noted", "message": "a\nb \u2028 ü 🙂", "x": 0.1}, {"kind": "stepped", "images_seen": 3}]
    with EventLog(tmp_path) as log:
        offsets = [log.append(event) for event in events]
        assert log.offset() == offsets[-1]
    records = list(events_log.read(tmp_path))
    assert [record.event for record in records] == events
    assert [record.end for record in records] == offsets
    assert [record.start for record in records] == [0, offsets[0]]
    assert (tmp_path / "events.jsonl").read_bytes().count(b"\n") == 2
    assert [record.event for record in events_log.read(tmp_path, offsets[0])] == events[1:]
    assert (tmp_path / "events.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), [{"a": -float("inf")}], "\ud800", "x" * (1 << 20), {1, 2}]
)
def test_what_must_not_be_stored_leaves_no_trace(tmp_path: Path, value: object) -> None:
    with EventLog(tmp_path) as log:
        log.append({"kind": "a"})
        with pytest.raises((ValueError, TypeError)):
            log.append({"kind": "b", "value": value})
        log.append({"kind": "c"})
    assert [record.event["kind"] for record in events_log.read(tmp_path)] == ["a", "c"]


def test_one_event_is_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EventLog(tmp_path) as log:
        sizes: list[int] = []
        write = os.write

        def count(file: int, data: bytes) -> int:
            sizes.append(len(data))
            return write(file, data)

        monkeypatch.setattr(os, "write", count)
        end = log.append({"kind": "noted", "message": "x" * 100_000})
        assert sizes == [end]


def test_opening_cuts_a_torn_line_off(tmp_path: Path) -> None:
    end = fill(tmp_path, 3)[-1]
    path = tmp_path / "events.jsonl"
    whole = path.read_bytes()
    for torn in (b"{", b'{"kind": "step', b"x" * 3_000_000):
        path.write_bytes(whole + torn)
        assert numbers(list(events_log.read(tmp_path))) == [0, 1, 2]
        with EventLog(tmp_path) as log:
            assert log.offset() == end
        assert path.read_bytes() == whole
    path.write_bytes(b"no line at all")
    EventLog(tmp_path).close()
    assert path.read_bytes() == b""


@pytest.mark.parametrize("kept", [0, 1, 4])
def test_resuming_cuts_back_to_the_snapshot(tmp_path: Path, kept: int) -> None:
    offsets = [0, *fill(tmp_path, 5)]
    with EventLog(tmp_path, cut_to=offsets[kept]) as log:
        log.append({"kind": "stepped", "images_seen": kept})
    assert numbers(list(events_log.read(tmp_path))) == list(range(kept + 1))


def test_an_offset_inside_a_line_or_beyond_the_end_keeps_whole_lines(tmp_path: Path) -> None:
    offsets = fill(tmp_path, 3)
    EventLog(tmp_path, cut_to=10**9).close()
    assert numbers(list(events_log.read(tmp_path))) == [0, 1, 2]
    EventLog(tmp_path, cut_to=offsets[1] + 5).close()
    assert numbers(list(events_log.read(tmp_path))) == [0, 1]
    EventLog(tmp_path, cut_to=-5).close()
    assert numbers(list(events_log.read(tmp_path))) == []


def test_a_damaged_line_is_said_and_does_not_end_the_reading(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    with (tmp_path / "events.jsonl").open("ab") as file:
        for line in (b"not json", b"[1]", b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000, b"x" * 5_000_000, b""):
            file.write(line + b"\n")
    fill(tmp_path, 1, start=1)
    records = list(events_log.read(tmp_path))
    assert numbers(records) == [0, *["corrupt"] * 7, 1]
    assert all(record.event["reason"] for record in records[1:-1])
    ends = [record.end for record in records]
    assert [0, *ends[:-1]] == [record.start for record in records]
    assert ends[-1] == (tmp_path / "events.jsonl").stat().st_size


def test_reading_from_within_a_line_starts_over(tmp_path: Path) -> None:
    offsets = fill(tmp_path, 3)
    assert numbers(list(events_log.read(tmp_path, offsets[0] + 3))) == [0, 1, 2]
    assert numbers(list(events_log.read(tmp_path, 10**6))) == [0, 1, 2]


def test_following_sees_every_event_once_while_they_are_written(tmp_path: Path) -> None:
    done = threading.Event()
    seen: list[object] = []

    def watch() -> None:
        seen.extend(numbers(list(events_log.follow(tmp_path, stop=done.is_set))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for start in range(0, 400, 100):
        fill(tmp_path, 100, start)
        time.sleep(0.05)
    done.set()
    watcher.join(10)
    assert seen == list(range(400))


@pytest.mark.parametrize("regrown", [0, 1, 10], ids=["shorter", "as long", "longer"])
def test_following_starts_over_after_a_cut_back(tmp_path: Path, regrown: int) -> None:
    """Also when the log has grown past the reader's place again before it looks."""
    offsets = fill(tmp_path, 6)
    rounds = iter([False, True])

    def stop() -> bool:
        last = next(rounds)
        if last:
            with EventLog(tmp_path, cut_to=offsets[3]) as log:
                for i in range(2 * regrown):
                    log.append({"kind": "stepped", "images_seen": 9 - i % 2})
        return last

    records = list(events_log.follow(tmp_path, stop=stop))
    assert numbers(records[:6]) == list(range(6))
    assert records[6].start == 0
    assert numbers(records[6:]) == [0, 1, 2, 3, *[9 - i % 2 for i in range(2 * regrown)]]


def test_the_last_events_are_read_without_the_rest(tmp_path: Path) -> None:
    assert list(events_log.last_events(tmp_path)) == []
    fill(tmp_path, 2000)
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(b'{"kind": "being wri')
    seen = [event["images_seen"] for event in events_log.last_events(tmp_path, 1000)][::-1]
    assert 10 < len(seen) < 30
    assert seen == list(range(2000 - len(seen), 2000))
    assert len(list(events_log.last_events(tmp_path, 10**7))) == 2000


def test_a_full_disk_is_named_and_no_half_line_stays(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    with EventLog(tmp_path) as log:
        size = log.offset()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, hard))
        try:
            for _ in range(2):
                with pytest.raises(MachineError, match=r"cannot write .*events\.jsonl: the disk is full"):
                    log.append({"kind": "stepped", "images_seen": 1})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (tmp_path / "events.jsonl").stat().st_size == size
        log.append({"kind": "stepped", "images_seen": 1})
    assert numbers(list(events_log.read(tmp_path))) == [0, 1]


def test_an_offset_is_on_the_disk_before_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EventLog(tmp_path) as log:
        synced: list[str] = []
        monkeypatch.setattr(os, "fsync", lambda file: synced.append(str(Path(f"/proc/self/fd/{file}").readlink())))
        log.append({"kind": "a"})
        assert synced == []
        log.offset()
        assert synced == [str(tmp_path / "events.jsonl")]

        def fail(_: int) -> None:
            raise OSError(errno.EIO, "broken")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(MachineError, match="disk reports an error"):
            log.offset()


def test_links_and_pipes_are_refused_for_writing_and_reading(tmp_path: Path) -> None:
    (tmp_path / "target").write_text(json.dumps({"kind": "precious"}) + "\n")
    (tmp_path / "events.jsonl").symlink_to(tmp_path / "target")
    with pytest.raises(RunError, match="link"):
        EventLog(tmp_path)
    with pytest.raises(RunError, match="link"):
        list(events_log.read(tmp_path))
    (tmp_path / "events.jsonl").unlink()
    os.mkfifo(tmp_path / "events.jsonl")
    with pytest.raises(RunError, match="plain file"):
        EventLog(tmp_path)
    assert (tmp_path / "target").read_text() == '{"kind": "precious"}\n'
