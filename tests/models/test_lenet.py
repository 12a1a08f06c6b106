import math

import torch

from nonesuch.models import catalog
from nonesuch.models.lenet import LENET1_TABLE, LENET4_TABLE, LENET5_TABLE, class_codes

TABLE_ONE = """
X...XXX..XXXX.XX
XX...XXX..XXXX.X
XXX...XXX..X.XXX
.XXX..XXXX..X.XX
..XXX..XXXX.XX.X
...XXX..XXXX.XXX
"""
"""Table I of the 1998 paper: a row for each map of S2, a column for each map of C3."""


def test_c3_is_connected_as_table_one() -> None:
    rows = TABLE_ONE.split()
    columns = [tuple(i for i, row in enumerate(rows) if row[column] == "X") for column in range(16)]
    assert list(LENET5_TABLE) == columns


def test_links_and_variety_of_the_other_tables() -> None:
    assert [sum(map(len, table)) for table in (LENET1_TABLE, LENET4_TABLE)] == [20, 48]
    for table, inputs in ((LENET1_TABLE, 4), (LENET4_TABLE, 8)):
        uses = [sum(i in row for row in table) for i in range(inputs)]
        assert len(set(uses)) == 1, "every input map is used equally often"
    assert len(set(LENET4_TABLE)) == 16, "no two maps start from the same inputs"


def test_the_digit_codes_are_seven_by_twelve_and_far_apart() -> None:
    codes = class_codes(10)
    assert codes.shape == (10, 84)
    assert set(codes.unique().tolist()) == {-1.0, 1.0}
    differing = (84 - codes @ codes.T) / 2
    assert differing[~torch.eye(10, dtype=torch.bool)].min() >= 8
    one = codes[1].view(12, 7)
    assert (one[:, 3] == 1).all(), "the one is a stroke in the middle column"


def test_codes_for_other_numbers_of_classes_are_fixed_and_distinct() -> None:
    before = torch.random.get_rng_state()
    codes = class_codes(300)
    assert torch.equal(torch.random.get_rng_state(), before), "the caller's generator is not touched"
    assert torch.equal(codes, class_codes(300))
    assert len(codes.unique(dim=0)) == 300


def test_input_is_mapped_to_the_papers_range_and_bordered_with_background() -> None:
    net = catalog.build("lenet5", (1, 28, 28), 10)
    got = net.get_submodule("range")(net.get_submodule("border")(torch.ones(1, 1, 28, 28)))
    assert got.shape == (1, 1, 32, 32)
    torch.testing.assert_close(got[0, 0, 0], torch.full((32,), -0.1))
    torch.testing.assert_close(got[0, 0, 2:30, 2:30], torch.full((28, 28), 1.175))


def test_28_pixels_with_the_border_equal_32_pixels() -> None:
    for name in ("lenet4", "lenet5"):
        small, large = catalog.build(name, (1, 28, 28), 10), catalog.build(name, (1, 32, 32), 10)
        large.load_state_dict(small.state_dict())
        x = torch.rand(3, 1, 28, 28) * 2 - 1
        torch.testing.assert_close(small(x), large(torch.nn.functional.pad(x, (2, 2, 2, 2), value=-1.0)))


def test_weights_start_within_the_papers_bounds() -> None:
    torch.manual_seed(0)
    net = catalog.build("lenet5", (1, 32, 32), 10)
    for name, fan_in in (("c1", 25), ("c5", 400), ("f6", 120)):
        weight = net.get_submodule(name).weight
        bound = 2.4 / fan_in
        assert weight.abs().max() <= bound
        assert math.isclose(weight.std().item(), bound / math.sqrt(3), rel_tol=0.2)
    kernels = net.get_submodule("c3").kernels
    assert kernels[:18].abs().max() <= 2.4 / 75
    assert 2.4 / 75 > kernels[-6:].abs().max() > 0.8 * 2.4 / 150, "the last map sees six inputs"


def test_a_code_shown_to_the_output_layer_wins() -> None:
    output = catalog.build("lenet5", (1, 32, 32), 10).get_submodule("output")
    logits = output(class_codes(10))
    assert logits.argmax(1).tolist() == list(range(10))
    assert logits.diagonal().tolist() == [0.0] * 10
