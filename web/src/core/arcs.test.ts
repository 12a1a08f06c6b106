import { describe, expect, it } from 'vitest';
import { lerp, slerp } from './arcs';
import { normal } from './seeds';

const f = (...values: number[]) => Float32Array.from(values);
const near = (found: Float32Array, wanted: readonly number[]) =>
  wanted.forEach((value, place) => expect(found[place]).toBeCloseTo(value, 5));

/** Shares and what Python's slerp gives there. */
const GOLDEN = [
  [0.25, 0.7414385676, 0.887722373, -1.045902967, -2.331158638, 0.1359139234],
  [0.8, -2.207347631, 0.4829794466, 0.3789251149, -2.2049486637, 0.8582928777],
];

describe('slerp', () => {
  it('is half way between two axes at 45 degrees', () => {
    near(slerp(f(1, 0), f(0, 1), 0.5), [Math.SQRT1_2, Math.SQRT1_2]);
  });
  it('keeps an even speed of the angle and of the length', () => {
    near(slerp(f(2, 0), f(0, 4), 1 / 3), [(8 / 3) * Math.cos(Math.PI / 6), (8 / 3) * Math.sin(Math.PI / 6)]);
  });
  it('begins and ends where it should', () => {
    const [start, end] = [normal(1, 64), normal(2, 64)];
    near(slerp(start, end, 0), [...start]);
    near(slerp(start, end, 1), [...end]);
  });
  it('is a line where there is no arc', () => {
    near(slerp(f(1, 2), f(2, 4), 0.5), [1.5, 3]);
    near(slerp(f(0, 0), f(2, 4), 0.25), [0.5, 1]);
    near(slerp(f(1, 0), f(-1, 0), 0.25), [0.5, 0]);
  });
  it('gives what latent/path.py gives for seeds 7 and 12', () => {
    GOLDEN.forEach(([share, ...wanted]) => near(slerp(normal(7, 5), normal(12, 5), share as number), wanted));
  });
});

it('lerp is straight', () => near(lerp(f(0, 2), f(4, 0), 0.25), [1, 1.5]));
