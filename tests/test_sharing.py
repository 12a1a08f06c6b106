"""Threads beside other programs: counted from the system's own figures, fewer at once, more again after a while."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from made_data import folder_of_bars
from nonesuch import library, sharing
from nonesuch.sharing import CALM_WINDOWS, Reading, Share
from nonesuch.training.events import Noted

TICK = os.sysconf("SC_CLK_TCK")


def counters(*processors: tuple[int, ...]) -> str:
    """A /proc/stat with these processors: user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice."""
    lines = [f"cpu{number} {' '.join(map(str, fields))}" for number, fields in enumerate(processors)]
    total = " ".join(str(sum(each)) for each in zip(*processors, strict=True))
    return "\n".join([f"cpu  {total}", *lines, "intr 1 2 3", "", "ctxt 9"])


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    """A machine of two processors, five seconds after the last look: what others and what we have worked in it."""
    now = Reading(100.0, 50.0, 0.0, 10.0)
    monkeypatch.setattr(sharing, "reading", lambda: now)
    monkeypatch.setattr(sharing, "usable_processors", lambda: {0, 1})
    monkeypatch.setattr(os, "nice", lambda _: 0)
    monkeypatch.setattr(sharing.time, "monotonic", lambda: now.clock)

    def work(others: float, own: float) -> None:
        nonlocal now
        now = Reading(now.clock + 5, now.busy + 5 * (others + own), 0.0, now.own + 5 * own)

    return work


def test_only_work_on_processors_that_are_ours_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: user 1, system 4, irq 32, softirq 64, steal 128 ticks of the first processor; guests are in user."""
    stat = tmp_path / "stat"
    stat.write_text(counters((1, 2, 4, 8, 16, 32, 64, 128, 256, 512), (5000,) * 10, (3, 0, 0, 9, 0, 0, 0, 0, 0, 0)))
    monkeypatch.setattr(sharing, "STAT", stat)
    monkeypatch.setattr(sharing, "usable_processors", lambda: {0, 2})
    before = time.process_time()
    found = sharing.reading()
    assert found is not None
    assert found.busy == pytest.approx((1 + 4 + 32 + 64 + 128 + 3) / TICK)
    assert before <= found.own <= time.process_time()
    assert found.humble == pytest.approx(2 / TICK)


@pytest.mark.parametrize(("niceness", "others"), [(0, 0.5), (5, 1.25)])
def test_who_has_low_priority_counts_only_beside_the_like(
    monkeypatch: pytest.MonkeyPatch, niceness: int, others: float
) -> None:
    """By hand: in two seconds 3 of work, 1.5 of low priority, 2 of them ours."""
    monkeypatch.setattr(os, "nice", lambda _: niceness)
    assert sharing.others_share(Reading(7, 10, 20, 4), Reading(9, 13, 21.5, 6)) == pytest.approx(others)


@pytest.mark.parametrize("text", [None, "cpu0 1 2 3", "cpu0 one two three four five six seven eight"])
def test_without_counters_all_threads_are_used(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "usable_processors", lambda: {0})
    monkeypatch.setattr(sharing, "STAT", stat := tmp_path / "stat")
    if text is not None:
        stat.write_text(text)
    share = Share(4)
    assert share.look() is None
    assert share.threads == 4


@pytest.mark.skipif(not sharing.STAT.exists(), reason="only Linux tells what others do")
def test_a_busy_neighbour_counts_and_our_own_work_does_not() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as neighbour:
        try:
            others, own = _worked(lambda end: time.sleep(end - time.monotonic()))
        finally:
            neighbour.kill()
    assert others > 0.1
    assert own < 0.1
    _, own = _worked(_spin)
    assert own > 0.1


def _worked(during: Callable[[float], None]) -> tuple[float, float]:
    """Seconds that others and we work in half a second."""
    before = sharing.reading()
    during(time.monotonic() + 0.5)
    after = sharing.reading()
    assert before is not None
    assert after is not None
    own, both = after.own - before.own, (after.busy + after.humble) - (before.busy + before.humble)
    return both - own, own


def _spin(end: float) -> None:
    while time.monotonic() < end:
        pass


@pytest.mark.parametrize(
    ("others", "threads"), [(0.0, 2), (0.1, 2), (0.3, 1), (1.0, 1), (1.9, 1), (-0.3, 2)], ids=lambda value: f"{value}"
)
def test_a_processor_that_others_keep_busy_is_left_to_them(
    seen: Callable[[float, float], None], others: float, threads: int
) -> None:
    share = Share(2)
    seen(others, 0.8)
    words = share.look()
    assert share.threads == threads
    assert words == (None if threads == 2 else f"other programs keep {others} of 2 processors busy: 1 of 2 threads now")


def test_no_more_threads_than_were_asked_for(seen: Callable[[float, float], None]) -> None:
    share = Share(1)
    for _ in range(2 * CALM_WINDOWS):
        seen(0, 1)
        assert share.look() is None
    assert share.threads == 1


def test_the_first_look_comes_early_and_the_others_five_seconds_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 100.0
    monkeypatch.setattr(sharing.time, "monotonic", lambda: clock)
    looks: list[float] = []

    def counted() -> Reading:
        looks.append(clock)
        return Reading(clock, clock, 0.0, 0.0)

    monkeypatch.setattr(sharing, "reading", counted)
    share = Share(2)
    for quarter in range(48):
        clock = 100 + quarter / 4
        share.look()
    assert looks == [100, 100.5, 105.5, 110.5]


def test_more_threads_only_after_a_calm_time(seen: Callable[[float, float], None]) -> None:
    share = Share(2)
    seen(1, 1)
    assert share.look() is not None
    for others in (0, 1, 0, 1, 0):
        seen(others, 1)
        assert share.look() is None
        assert share.threads == 1
    seen(0, 1)
    assert share.look() == "other programs keep 0.0 of 2 processors busy: 2 of 2 threads now"
    assert share.threads == 2


@pytest.mark.parametrize("budget", [{"minutes": 0.02}, {"images": 320}], ids=["minutes", "images"])
def test_a_training_by_the_clock_gives_way_and_one_by_pictures_repeats(
    budget: dict[str, float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another number of threads is another order of sums, which a training that counts pictures must not have."""
    monkeypatch.setattr(Share, "look", _one_less)
    used: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    settings = {"train.batch": "32", "machine.threads": "4"}
    recipe = library.plan(folder_of_bars(tmp_path / "bars"), settings=settings, **budget)  # type: ignore[arg-type]
    used.clear()
    events = list(library.fit(recipe, tmp_path / "run"))
    notes = [event for event in events if isinstance(event, Noted) and event.signal == "threads"]
    if "minutes" in budget:
        assert [each.message for each in notes] == ["one less"]
        assert 3 in used
    else:
        assert notes == []
        assert 3 not in used


def _one_less(share: Share) -> str | None:
    if share.threads == 3:
        return None
    share.threads = 3
    return "one less"
