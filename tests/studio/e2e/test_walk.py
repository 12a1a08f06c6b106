"""The ten-minute walk in short: pictures, a training that is begun and stopped, its latent space, a slider.

`tests/oracles/ten_minutes.py` lets it train to its end, and begins with the command.
"""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from oracles.ten_minutes import walk

Shot = Callable[[Page, str], Path]


def test_from_pictures_to_a_gan_to_a_slider(studio_page: Page, shot: Shot) -> None:
    told: list[str] = []
    walk(studio_page, 5_000_000, told.append, by="images", small=True, wait=False)
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
