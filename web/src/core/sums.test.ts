import { describe, expect, it } from 'vitest';
import { added, heaviest, loudest, terms, type Unit, windowOf } from './sums';

const maps = (shape: number[], values: number[]) => ({ shape, values });
const conv: Unit = {
  rule: 'sum',
  inputs: maps([2, 2, 3], [1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60]),
  weights: maps([2, 2, 2], [1, 0, 0, 1, 0, 1, 1, 0]),
  window: [2, 2],
  stride: [1, 1],
  padding: [1, 1],
};

describe('a convolution', () => {
  it('sums the window of each input, zeros outside', () => {
    // Output (1, 1) of a padded 2x2 kernel looks at rows 0-1, columns 0-1.
    expect(windowOf(conv, 1, 1)).toEqual({ top: 0, left: 0, height: 2, width: 2 });
    expect(added(terms(conv, 0, 1, 1))).toBe(1 + 5);
    expect(added(terms(conv, 1, 1, 1))).toBe(20 + 40);
    const corner = terms(conv, 0, 0, 0);
    expect(corner.map(({ inside }) => inside)).toEqual([false, false, false, true]);
    expect(added(corner)).toBe(1);
  });

  it('moves by its stride', () => {
    expect(windowOf({ ...conv, stride: [2, 3] }, 2, 1)).toEqual({ top: 3, left: 2, height: 2, width: 2 });
  });
});

it('a transposed convolution gathers what spreads to a pixel', () => {
  const unit: Unit = {
    rule: 'spread',
    inputs: maps([1, 2, 2], [1, 2, 3, 4]),
    weights: maps(
      [1, 4, 4],
      Array.from({ length: 16 }, (_, at) => at),
    ),
    window: [4, 4],
    stride: [2, 2],
    padding: [1, 1],
  };
  // By hand: output[y][x] = sum over p, q of input[p][q] * kernel[y + 1 - 2p][x + 1 - 2q].
  for (const [row, column] of [
    [0, 0],
    [1, 2],
    [3, 3],
  ] as const) {
    let byHand = 0;
    for (let p = 0; p < 2; p++) {
      for (let q = 0; q < 2; q++) {
        const [a, b] = [row + 1 - 2 * p, column + 1 - 2 * q];
        if (a >= 0 && a < 4 && b >= 0 && b < 4) byHand += (1 + 2 * p + q) * (4 * a + b);
      }
    }
    expect(added(terms(unit, 0, row, column))).toBe(byHand);
  }
});

it('pooling and activations look without weights', () => {
  const unit: Unit = { ...conv, rule: 'max', weights: undefined, padding: [0, 0], stride: [2, 2] };
  expect(terms(unit, 0, 0, 0).map(({ input }) => input)).toEqual([1, 2, 4, 5]);
  expect(terms({ ...unit, rule: 'each' }, 0, 1, 2)).toEqual([{ row: 1, column: 2, inside: true, input: 6, weight: 1 }]);
});

it('finds who adds most, and where it is loudest', () => {
  expect(heaviest(maps([3, 1, 2], [1, 1, -5, 0, 0, 2]))).toEqual([1, 0, 2]);
  expect(loudest(maps([2, 3], [0, 1, -7, 2, 3, 4]))).toEqual({ row: 0, column: 2 });
});
