"""A bar for work that counts its steps; apart from `progress`, so that commands without a net stay quick."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def packing_bar(words: str = "packing pictures") -> Iterator[Callable[[int, int], None] | None]:
    """A bar for `progress(done, total)` calls; nothing where stderr is no terminal, or nobody calls."""
    if not sys.stderr.isatty():
        yield None
        return
    with ExitStack() as stack:
        tell: Callable[[int, int], None] | None = None

        def first(done: int, total: int) -> None:
            nonlocal tell
            tell = tell or stack.enter_context(_bar(words))
            tell(done, total)

        yield first


@contextmanager
def _bar(words: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(words, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
