"""What tests of published pages are given: a first run by its kind, and the page of one."""

from collections.abc import Callable

from nonesuch.evaluation.run import Run
from nonesuch.publishing.site import Site

FirstRun = Callable[[str], Run]
Built = Callable[..., Site]
"""kind, precision = "fp16", neighbours = False, title = ""."""
