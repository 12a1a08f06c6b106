"""`nonesuch kernel`: which of its ways a person wants, and whether the options go together."""

from dataclasses import dataclass
from pathlib import Path

from nonesuch import library
from nonesuch.cli import kernel_chain, kernel_filters, kernel_picture
from nonesuch.cli.kernel_picture import Choice
from nonesuch.errors import RecipeError
from nonesuch.lens import chains


@dataclass(frozen=True)
class Ways:
    """What goes beyond one kernel: a chain, a lesson of so many steps, a run and its filter."""

    chain: str | None = None
    learn: int | None = None
    towards: Path | None = None
    seed: int | None = None
    run: str | None = None
    number: int | None = None
    held_out: bool = False


def show(picture: Path, choice: Choice, ways: Ways, runs: Path, out: Path | None, save: Path | None) -> None:
    """A picture under one kernel, or one of the other ways. Raises RecipeError for options that do not go together."""
    saving = ["--save"] if save is not None else []
    _needs(
        "--learn", ways.learn is not None, [("--towards", ways.towards is not None), ("--seed", ways.seed is not None)]
    )
    _needs("--from-run", ways.run is not None, [("--filter", ways.number is not None), ("--held-out", ways.held_out)])
    if ways.run is not None:
        _without("--from-run", [("--chain", ways.chain is not None), ("--learn", ways.learn is not None)])
        _filters(picture, choice, ways, runs, out, save)
    elif ways.chain is not None:
        others = [name for name in (*choice.given, *saving) if name != "--edge"]
        _without("--chain", [(name, True) for name in others])
        edge = kernel_picture.edge_of(choice.edge)
        if ways.learn is None:
            kernel_chain.show(picture, ways.chain, edge, out)
        else:
            row = chains.steps(ways.chain, 1, edge)
            kernel_chain.teach(picture, row, ways.learn, ways.seed or 0, ways.towards, out)
    elif ways.learn is not None:
        _without("--learn", [(name, True) for name in saving])
        row = (chains.Step("kernel", kernel_picture.chosen(choice)),)
        kernel_chain.teach(picture, row, ways.learn, ways.seed or 0, ways.towards, out)
    else:
        kernel_picture.show(picture, choice, out, save)


def _filters(picture: Path, choice: Choice, ways: Ways, runs: Path, out: Path | None, save: Path | None) -> None:
    """All of them, one, or one edited."""
    assert ways.run is not None
    run = library.open_run(ways.run, runs)
    if not choice.given and ways.number is None:
        _without("all filters", [("--held-out", ways.held_out), ("--save", save is not None)])
        kernel_filters.show_all(picture, run, out)
        return
    if ways.number is None:
        raise RecipeError(f"{choice.given[0]} changes one filter: say which, as --filter 3")
    if not choice.given:
        _without("a filter as it is", [("--held-out", ways.held_out)])
        kernel = kernel_filters.show_one(picture, run, ways.number, out)
    else:
        _without("an edited filter", [(name, name in choice.given) for name in ("--stride", "--edge")])
        kernel = kernel_picture.chosen(choice, run.kernel(ways.number))
        kernel = kernel_filters.edit(picture, run, ways.number, kernel, ways.held_out, out)
    print(kernel_picture.words(kernel))
    kernel_picture.keep(kernel, save)


def _needs(option: str, there: bool, others: list[tuple[str, bool]]) -> None:
    for name, given in others:
        if given and not there:
            raise RecipeError(f"{name} goes with {option}; add it, or leave {name} away")


def _without(option: str, others: list[tuple[str, bool]]) -> None:
    for name, given in others:
        if given:
            raise RecipeError(f"{name} does not go with {option}; leave one of them away")
