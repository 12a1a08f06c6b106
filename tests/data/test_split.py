"""Laws of the split: a picture's place depends on its own bytes, never on its neighbours."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonesuch.data.split import NONE, TEST, TRAIN, VAL, assign
from nonesuch.errors import RecipeError


def hashes_of(count: int, salt: str = "") -> np.ndarray:
    digests = [hashlib.sha256(f"{salt}{i}".encode()).digest()[:16] for i in range(count)]
    return np.frombuffer(b"".join(digests), np.uint8).reshape(count, 16)


def nothing_given(count: int) -> np.ndarray:
    return np.full(count, NONE, np.uint8)


@given(old=st.integers(0, 50), new=st.integers(0, 50), val=st.floats(0, 0.45), test=st.floats(0, 0.45))
def test_adding_pictures_never_moves_the_others(old: int, new: int, val: float, test: float) -> None:
    before, added = hashes_of(old), hashes_of(new, "new")
    both = np.concatenate([added, before])
    assert np.array_equal(
        assign(before, nothing_given(old), val, test), assign(both, nothing_given(old + new), val, test)[new:]
    )


@pytest.mark.parametrize(("val", "test"), [(0.1, 0.1), (0.05, 0.3), (0.0, 0.5), (0.4, 0.0)])
def test_shares_lie_within_five_binomial_deviations(val: float, test: float) -> None:
    count = 20_000
    split = assign(hashes_of(count), nothing_given(count), val, test)
    for code, share in ((VAL, val), (TEST, test), (TRAIN, 1 - val - test)):
        deviation = (count * share * (1 - share)) ** 0.5
        assert abs((split == code).sum() - count * share) <= 5 * deviation


def test_copies_fall_together_even_beside_each_other() -> None:
    hashes = np.repeat(hashes_of(200), 3, axis=0)
    split = assign(hashes, nothing_given(600)).reshape(200, 3)
    assert (split == split[:, :1]).all()


def test_the_place_is_the_first_53_bits_by_hand() -> None:
    hashes = np.zeros((3, 16), np.uint8)
    hashes[0, 0] = 0x19  # 25/256 = 0.0977 < 0.1: test
    hashes[1, 0] = 0x33  # 51/256 = 0.1992 < 0.2: val
    hashes[2, 0] = 0x34  # 52/256 = 0.2031: train
    assert assign(hashes, nothing_given(3)).tolist() == [TEST, VAL, TRAIN]


def test_given_splits_are_honoured_and_missing_ones_carved_from_train() -> None:
    count = 5000
    hashes, code = hashes_of(count), np.arange(count) % 5
    train_test = np.where(code == 0, TEST, TRAIN).astype(np.uint8)
    split = assign(hashes, train_test)
    assert np.array_equal(split == TEST, train_test == TEST)
    assert 300 < (split == VAL).sum() < 500
    train_val = np.where(code == 0, VAL, TRAIN).astype(np.uint8)
    split = assign(hashes, train_val)
    assert np.array_equal(split == VAL, train_val == VAL)
    assert 300 < (split == TEST).sum() < 500
    whole = np.choose(code % 3, [TRAIN, VAL, TEST]).astype(np.uint8)
    assert np.array_equal(assign(hashes, whole), whole)


def test_a_test_folder_added_later_moves_no_val_picture() -> None:
    hashes = hashes_of(2000)
    alone = assign(hashes, nothing_given(2000))
    given = np.concatenate([np.full(2000, TRAIN), np.full(10, TEST)]).astype(np.uint8)
    assert np.array_equal(assign(np.concatenate([hashes, hashes_of(10, "t")]), given)[:2000] == VAL, alone == VAL)


@pytest.mark.parametrize(("val", "test"), [(-0.1, 0.1), (0.5, 0.5), (float("nan"), 0.1)])
def test_impossible_shares_are_refused(val: float, test: float) -> None:
    with pytest.raises(RecipeError, match="shares"):
        assign(hashes_of(3), nothing_given(3), val, test)
