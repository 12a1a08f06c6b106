"""The stream of batches is a pure function of its position: coverage, shards, jumps."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nonesuch.data.batches import Batches, shuffled
from nonesuch.errors import DataError, RecipeError
from oracles import philox

COUNT = 37
PIXELS = np.random.default_rng(0).integers(0, 256, (COUNT, 4, 5, 3), dtype=np.uint8)
TARGETS = np.arange(COUNT, dtype=np.int64) * 10


def batches(indices: np.ndarray, batch: int, seed: int = 1, rank: int = 0, world: int = 1) -> Batches:
    return Batches(PIXELS, TARGETS, indices, batch, seed, rank, world)


def test_a_batch_holds_the_pictures_its_rows_name() -> None:
    batch = batches(np.arange(3, 30), 8).at(0)
    assert batch.pixels.shape == (8, 3, 4, 5)
    assert batch.pixels.dtype == torch.uint8
    assert batch.pixels.is_contiguous(memory_format=torch.channels_last)
    assert np.array_equal(batch.pixels.permute(0, 2, 3, 1).numpy(), PIXELS[batch.rows])
    assert batch.targets is not None
    assert batch.targets.tolist() == (batch.rows * 10).tolist()
    assert Batches(PIXELS, None, np.arange(3), 2, 0).at(0).targets is None


@given(size=st.integers(1, COUNT), batch=st.integers(1, 20), seed=st.integers(0, 2**70))
def test_every_epoch_shows_every_picture_once(size: int, batch: int, seed: int) -> None:
    indices = np.random.default_rng(size).permutation(COUNT)[:size]
    stream = batches(indices, batch, seed)
    steps = -(-3 * size // batch)
    rows = np.concatenate([stream.at(step * batch).rows for step in range(steps)])
    epochs = np.concatenate([stream.at(step * batch).epochs.numpy() for step in range(steps)])
    for epoch in range(3):
        assert sorted(rows[epoch * size : (epoch + 1) * size]) == sorted(indices)
        assert (epochs[epoch * size : (epoch + 1) * size] == epoch).all()


@given(
    size=st.integers(1, COUNT),
    share=st.integers(1, 9),
    world=st.integers(1, 5),
    position=st.integers(0, 10**12),
    seed=st.integers(0, 9),
)
def test_the_shards_of_a_world_are_the_single_batch(
    size: int, share: int, world: int, position: int, seed: int
) -> None:
    indices = np.arange(size)
    whole = batches(indices, share * world, seed).at(position)
    parts = [batches(indices, share * world, seed, rank, world).at(position) for rank in range(world)]
    assert np.array_equal(np.concatenate([part.rows for part in parts]), whole.rows)
    assert torch.equal(torch.cat([part.pixels for part in parts]), whole.pixels)
    assert torch.equal(torch.cat([part.turns for part in parts]), whole.turns)
    assert [part.first for part in parts] == [position + rank * share for rank in range(world)]


@given(position=st.integers(0, 5000))
def test_a_jump_equals_walking_there(position: int) -> None:
    walked = batches(np.arange(COUNT), 6)
    for step in range(0, position % 90, 6):
        walked.at(step)
    there, jumped = walked.at(position), batches(np.arange(COUNT), 6).at(position)
    assert np.array_equal(there.rows, jumped.rows)
    assert torch.equal(there.pixels, jumped.pixels)


def test_seeds_and_epochs_give_different_orders_and_the_order_is_for_ever() -> None:
    orders = {tuple(shuffled(20, seed, epoch)) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25
    stream = philox.words(50, key=(7, 2))
    assert shuffled(50, 7, 2).tolist() == sorted(range(50), key=lambda place: stream[place])


def test_orders_are_uniform() -> None:
    places = np.array([shuffled(6, seed, 0) for seed in range(3000)])
    counts = np.array([np.bincount(places[:, column], minlength=6) for column in range(6)])
    # 500 expected in each of 36 cells, deviation 20.4: five of them.
    assert (np.abs(counts - 500) < 102).all()


def test_turns_alternate_and_half_of_the_pictures_are_odd() -> None:
    stream = Batches(np.zeros((2000, 1, 1, 1), np.uint8), None, np.arange(2000), 2000, 3)
    first, second = stream.at(0), stream.at(2000)
    assert 850 < int((first.turns % 2).sum()) < 1150
    parity = np.empty(2000, int)
    parity[first.rows] = first.turns % 2
    assert np.array_equal(1 - parity[second.rows], (second.turns % 2).numpy())


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(DataError, match="no pictures"):
        batches(np.array([], np.int64), 4)
    with pytest.raises(RecipeError, match="multiple of the 3"):
        batches(np.arange(9), 4, world=3)
    with pytest.raises(RecipeError, match="rank"):
        batches(np.arange(9), 4, rank=2, world=2)
