"""The ten-minute walk in short: pictures, a training that is begun and stopped, its latent space, a slider.

`tests/oracles/ten_minutes.py` lets it train to its end, on pixelfolk, and begins with the command.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from made_data import folder_of_bars
from nonesuch.studio.studio import Studio
from oracles.ten_minutes import Wanted, walk

Shot = Callable[[Page, str], Path]
THIN = (("Pictures a step", "16"), ("Numbers in a code", "4"), ("Width", "8"))


@pytest.fixture
def bars(server: tuple[Studio, str]) -> None:
    """Pictures that lie there before the page is opened: the first page lists them once."""
    folder_of_bars(server[0].places.data / "bars")


@pytest.mark.usefixtures("bars")
def test_from_pictures_to_a_gan_to_a_slider(studio_page: Page, shot: Shot) -> None:
    told: list[str] = []
    walk(studio_page, Wanted("bars", 5e6, "images", THIN, wait=False), told.append)
    shot(studio_page, "end")
    assert told == [
        "first page",
        "pictures seen",
        "what to expect",
        "training begun",
        "first drawing",
        "stopped",
        "latent space",
        "slider moved",
    ]
