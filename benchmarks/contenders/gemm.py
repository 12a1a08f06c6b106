"""The ceiling: square matrix products of one dtype, in GFLOP (a multiply-add counts as two)."""

import argparse

import torch
from turns import Turns

SIDE = 2048


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], required=True)
    dtype = getattr(torch, parser.parse_args().dtype)
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(SIDE, SIDE, generator=generator).to(dtype) for _ in range(2))
    product = torch.empty(SIDE, SIDE, dtype=dtype)
    turns = Turns()
    while True:
        torch.mm(left, right, out=product)
        turns.step(2 * SIDE**3 / 1e9)


if __name__ == "__main__":
    main()
