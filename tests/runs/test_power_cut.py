"""Power cuts at every change of the disk: what `save` had returned from is there, or something newer."""

from pathlib import Path

from oracles.power_cuts import cuts, real_tree, story, survives

DRAWS = 2


def test_what_was_saved_is_there_after_a_power_cut_at_any_moment(tmp_path: Path) -> None:
    disk = story(tmp_path / "trained")
    # The oracle saw every change: played back in full they give the tree that is really there.
    assert disk.played(lambda _, op: op, len(disk.ops)) == real_tree(disk.base)
    tried = 0
    for upto, tree in cuts(disk, DRAWS, seed=0):
        assert survives(disk, upto, tree, tmp_path / "cut"), f"lost after change {upto}: {disk.ops[upto - 1]}"
        tried += 1
    assert tried >= 500
