"""`nonesuch templates`: what a linear net or an MLP has learnt, as pictures, and where a CNN sees more."""

from pathlib import Path

from nonesuch.evaluation.templates import compare
from nonesuch.evaluation.templates_sheet import accuracy_words, templates_sheet
from nonesuch.library import open_run
from nonesuch.pixels import write_png


def show(root: Path, where: str, beside: str | None, out: Path | None) -> None:
    """Write the sheet; print accuracies, how often each is right where the other is not, and where the sheet is."""
    run = open_run(where, root)
    found = compare(run, None if beside is None else open_run(beside, root))
    target = out or run.folder.path / "pictures" / "templates.png"
    write_png(target, templates_sheet(found))
    for scores in (found.plain, found.other):
        if scores is not None:
            print(accuracy_words(scores))
    if found.other is not None:
        both, plain, other, neither = found.counts()
        names = f"only {found.plain.name} {plain:,}, only {found.other.name} {other:,}"
        print(f"of {len(found.targets):,} test pictures right by both {both:,}, {names}, neither {neither:,}")
    print(target)
