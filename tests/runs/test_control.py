"""control.jsonl: every wish once, whatever is torn, cut or hostile."""

import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonesuch.errors import RunError
from nonesuch.runs import control, layout
from nonesuch.runs.control import Control, Unclear
from nonesuch.training.wishes import Pause, Rate, Resume, Save, Slow, Step, Stop, Wish

WISHES: list[Wish] = [
    Pause(), Step(), Step(phase="critic", count=3), Rate(factor=0.5), Rate(value=1e-3, phase="generator"),
    Slow(seconds=2), Save(), Resume(), Stop(reason="bored"),
]  # fmt: skip


def test_wishes_come_once_and_in_their_order(tmp_path: Path) -> None:
    reader = Control(tmp_path)
    assert reader.new() == []
    for wish in WISHES[:4]:
        control.ask(tmp_path, wish)
    assert reader.new() == WISHES[:4]
    assert reader.new() == []
    for wish in WISHES[4:]:
        end = control.ask(tmp_path, wish)
    assert reader.new() == WISHES[4:]
    assert reader.offset == end == (tmp_path / layout.CONTROL).stat().st_size
    assert Control(tmp_path, reader.offset).new() == []


def test_what_is_still_being_written_waits(tmp_path: Path) -> None:
    reader = Control(tmp_path)
    file = tmp_path / layout.CONTROL
    file.write_bytes(b'{"wish":"pause"}\n{"wish":"res')
    assert reader.new() == [Pause()]
    assert reader.new() == []
    with file.open("ab") as more:
        more.write(b'ume"}\n')
    assert reader.new() == [Resume()]


def test_half_a_line_of_a_killed_writer_spoils_no_other(tmp_path: Path) -> None:
    (tmp_path / layout.CONTROL).write_bytes(b'{"wish":"st')
    control.ask(tmp_path, Pause())
    found = Control(tmp_path).new()
    assert isinstance(found[0], Unclear)
    assert found[1:] == [Pause()]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[]", "not a JSON object"),
        (b'{"wish":"fly"}', "fly"),
        (b'{"wish":"step","count":0}', "count: "),
        (b'{"wish":"step","phase":"../x"}', "phase: "),
        (b'{"wish":"rate"}', "either factor or value"),
        (b'{"wish":"rate","factor":1,"value":1}', "either factor or value"),
        (b'{"wish":"rate","factor":NaN}', "NaN"),
        (b'{"wish":"rate","factor":1e999}', "too large"),
        (b'{"wish":"slow","seconds":1e9}', "seconds: "),
        (b'{"wish":"pause","and":"more"}', "and: "),
        (b"\xff\xfe", "utf-8"),
        (b'{"wish":"stop","reason":"' + b"x" * 5000 + b'"}', "more than 4096"),
    ],
)
def test_a_line_that_is_no_wish_is_named_and_passed_over(tmp_path: Path, line: bytes, reason: str) -> None:
    (tmp_path / layout.CONTROL).write_bytes(line + b'\n{"wish":"pause"}\n')
    unclear, pause = Control(tmp_path).new()
    assert isinstance(unclear, Unclear)
    assert reason in unclear.reason
    assert "\n" not in unclear.reason
    assert pause == Pause()


def test_a_line_without_end_costs_no_memory_and_ends_as_one_unclear_wish(tmp_path: Path) -> None:
    file = tmp_path / layout.CONTROL
    file.write_bytes(b"x" * (1 << 20))
    reader = Control(tmp_path)
    assert reader.new() == []
    with file.open("ab") as more:
        more.write(b'\n{"wish":"pause"}\n')
    unclear, pause = reader.new()
    assert isinstance(unclear, Unclear)
    assert pause == Pause()
    assert reader.offset == file.stat().st_size


def test_a_file_that_was_made_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    for _ in range(5):
        control.ask(tmp_path, Step())
    reader = Control(tmp_path)
    reader.new()
    (tmp_path / layout.CONTROL).write_bytes(b'{"wish":"pause"}\n')
    assert reader.new() == [Pause()]


def test_a_link_or_a_pipe_is_refused_and_a_folder_that_is_not_there_named(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"")
    (tmp_path / layout.CONTROL).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="link"):
        control.ask(tmp_path, Pause())
    (tmp_path / "elsewhere").write_bytes(b'{"wish":"pause"}\n')
    with pytest.raises(RunError, match="link"):
        Control(tmp_path).new()
    (tmp_path / layout.CONTROL).unlink()
    os.mkfifo(tmp_path / layout.CONTROL)
    with pytest.raises(RunError, match="plain file"):
        control.ask(tmp_path, Pause())
    with pytest.raises(RunError, match="no run folder"):
        control.ask(tmp_path / "nowhere", Pause())


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    def write(number: int) -> None:
        for count in range(1, 51):
            control.ask(tmp_path, Step(phase="abcd"[number], count=count))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = Control(tmp_path).new()
    for letter in "abcd":
        assert [w.count for w in found if isinstance(w, Step) and w.phase == letter] == list(range(1, 51))


@given(st.lists(st.sampled_from(WISHES), max_size=12), st.data())
def test_however_the_bytes_arrive_the_wishes_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, wishes: list[Wish], data: st.DataObject
) -> None:
    run = tmp_path_factory.mktemp("run")
    text = b"".join(wish.model_dump_json().encode() + b"\n" for wish in wishes)
    reader, found, at = Control(run), [], 0
    while at < len(text):
        more = data.draw(st.integers(1, len(text) - at))
        with (run / layout.CONTROL).open("ab") as file:
            file.write(text[at : at + more])
        at += more
        found += reader.new()
        reader = Control(run, reader.offset)  # the trainer was killed and goes on
    assert found == wishes


def test_starting_a_run_writes_only_where_there_were_wishes(tmp_path: Path) -> None:
    control.begin(tmp_path)
    assert not (tmp_path / layout.CONTROL).exists()
    control.ask(tmp_path, Pause())
    control.begin(tmp_path)
    assert [json.loads(line)["wish"] for line in (tmp_path / layout.CONTROL).read_text().splitlines()] == [
        "pause",
        "resume",
    ]
