"""Duplicates against hand-made copies and a quadratic oracle, and no false alarm on tiny drawings."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from nonesuch.data import duplicates
from nonesuch.data.duplicates import DuplicateReport, difference_hashes, exact, near, report


def scenes(count: int, side: int = 32, seed: int = 0) -> np.ndarray:
    """Smooth random colour pictures, as photographs are: uint8 (count, side, side, 3)."""
    noise = np.random.default_rng(seed).normal(size=(count, side, side, 3))
    smooth = ndimage.gaussian_filter(noise, (0, side / 10, side / 10, 0), mode="nearest")
    smooth /= np.abs(smooth).max(axis=(1, 2, 3), keepdims=True)
    return (127.5 + 120 * smooth).astype(np.uint8)


def as_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def test_exact_groups_by_hand() -> None:
    hashes = np.array([[1] * 16, [2] * 16, [1] * 16, [3] * 16, [2] * 16, [1] * 16], np.uint8)
    assert [group.tolist() for group in exact(hashes)] == [[0, 2, 5], [1, 4]]
    assert exact(hashes[:2]) == []


def test_reencoded_and_brightened_copies_are_found_and_nothing_else() -> None:
    pixels = scenes(300)
    copies = np.stack([as_jpeg(pixels[row], 92) for row in range(20)])
    brighter = np.clip(pixels[20:30].astype(int) + 2, 0, 255).astype(np.uint8)
    pairs, differences = near(np.concatenate([pixels, copies, brighter]))
    assert pairs.tolist() == [[row, 300 + row] for row in range(30)]
    assert (differences[:20] < 4).all()
    assert np.allclose(differences[20:], 2, atol=0.05)


def test_the_lookup_equals_the_quadratic_one() -> None:
    rng = np.random.default_rng(1)
    words = rng.integers(0, 2**63, 400).astype(np.uint64)
    for row in range(200):  # neighbours at distance 0 to 5
        for bit in rng.integers(0, 64, row % 6):
            words[200 + row] = words[row] ^ (np.uint64(1) << np.uint64(bit)) if bit % 2 else words[row]
    apart = np.bitwise_count(words[:, None] ^ words[None])
    expected = np.argwhere(np.triu(apart <= duplicates.HAMMING, 1))
    found = duplicates._candidates(words, np.zeros(400, np.float32))
    assert found.tolist() == expected.tolist()


def test_the_hash_by_hand() -> None:
    ramp = np.tile(np.arange(9, dtype=np.uint8) * 10, (8, 1))[None, :, :, None]
    words, brightness = difference_hashes(np.concatenate([ramp, ramp[:, :, ::-1], ramp * 0]))
    assert words.tolist() == [2**64 - 1, 0, 0]
    assert brightness.tolist() == pytest.approx([40, 40, 0])


def test_the_hash_cells_are_area_means() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (1, 24, 36, 1), dtype=np.uint8)
    cells = pixels[0, :, :, 0].reshape(8, 3, 9, 4).mean(axis=(1, 3))
    bits = (np.diff(cells, axis=1) > 0.5).reshape(-1)
    assert int(difference_hashes(pixels)[0][0]) == int("".join("01"[int(bit)] for bit in bits), 2)


def test_tiny_drawings_that_differ_in_one_pixel_are_no_duplicates() -> None:
    drawing = np.zeros((40, 16, 16, 3), np.uint8)
    drawing[:, 4:12, 4:12] = 180
    for row in range(39):
        drawing[row, 5 + row // 6, 5 + row % 6] = 30
    drawing[39] = drawing[7]
    pairs, differences = near(drawing)
    assert pairs.tolist() == [[7, 39]]
    assert differences.tolist() == [0]


def test_the_report_names_what_crosses_the_split() -> None:
    pixels = scenes(6, seed=3)
    pixels = np.concatenate([pixels, pixels[:2], pixels[2:4] + 1])
    hashes = np.arange(10, dtype=np.uint8)[:, None].repeat(16, axis=1)
    hashes[6:8] = hashes[:2]
    split = np.array([0, 0, 0, 0, 0, 0, 0, 1, 0, 2], np.uint8)
    found = report(hashes, pixels, [f"n{i}" for i in range(10)], split)
    assert found.exact == (("n0", "n6"), ("n1", "n7"))
    assert found.across_exact == (("n1", "n7"),)
    assert [(pair.first, pair.second, pair.difference) for pair in found.near] == [("n2", "n8", 1.0), ("n3", "n9", 1.0)]
    assert [pair.second for pair in found.across_near] == ["n9"]
    assert DuplicateReport.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert found.words() == (
        "2 groups of identical files (1 across the split), 2 pairs that look the same (1 across the split)"
    )


def test_one_or_no_picture() -> None:
    for count in (0, 1):
        pairs, differences = near(np.zeros((count, 8, 8, 1), np.uint8))
        assert pairs.shape == (0, 2)
        assert differences.shape == (0,)
