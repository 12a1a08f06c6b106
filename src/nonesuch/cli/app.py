"""The command `nonesuch`: its verbs in the order of the journey. Heavy imports wait until a verb needs them."""

import os
import sys
import warnings
from typing import NoReturn

import typer

from nonesuch.cli import (
    verbs_apart,
    verbs_data,
    verbs_directions,
    verbs_draw,
    verbs_export,
    verbs_inside,
    verbs_invert,
    verbs_kernel,
    verbs_maps,
    verbs_measure,
    verbs_publish,
    verbs_studio,
    verbs_train,
)
from nonesuch.errors import NonesuchError, NonesuchWarning

app = typer.Typer(
    name="nonesuch",
    help="From a folder of pictures to a trained net you can look into.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for group in (
    verbs_data,
    verbs_train,
    verbs_measure,
    verbs_inside,
    verbs_apart,
    verbs_kernel,
    verbs_draw,
    verbs_maps,
    verbs_directions,
    verbs_invert,
    verbs_export,
    verbs_publish,
    verbs_studio,
):
    app.add_typer(group.verbs)


def main() -> NoReturn:
    """The command `nonesuch`: expected errors become one line on stderr and exit code 2."""
    _wait_briefly()
    warnings.formatwarning = _formatted
    try:
        app(standalone_mode=True)
    except NonesuchError as error:
        _leave(str(error), error.exit_code)
    except BrokenPipeError:
        os._exit(0)  # the reader of our output has gone, as in `nonesuch runs | head`
    sys.exit(0)


def _wait_briefly() -> None:
    """Let threads of torch that wait for each other spin for some microseconds, then sleep.

    Asleep at once, they are woken thousands of times a step, which takes a small GAN half its speed; spinning for
    milliseconds, as is usual, they stall a second program on the same processors (LOG, 23 and 29 November). OpenMP
    reads both once, when torch is loaded. Whoever has settled one of them has settled all.
    """
    if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys():
        os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "5000"}


def _formatted(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """Our own warnings without the place in the code, which says nothing to a person."""
    del line
    if issubclass(category, NonesuchWarning):
        return f"nonesuch: note: {' '.join(str(message).split())}\n"
    return f"{filename}:{lineno}: {category.__name__}: {message}\n"


def _leave(message: str, code: int) -> NoReturn:
    print(f"nonesuch: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)
