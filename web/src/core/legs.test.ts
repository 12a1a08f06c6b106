import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Ease, legAt, length } from './legs';

interface Case {
  seconds: number[];
  speed: number;
  ease: Ease;
  loop: boolean;
  frames: [number, number, number][];
}
const golden: { cases: Case[] } = JSON.parse(readFileSync('../contracts/golden/legs.json', 'utf8'));

test.each(golden.cases)('legs of $seconds at $speed a second, $ease, loop $loop', (each) => {
  const { seconds, speed, ease, loop, frames } = each;
  const count = Math.round(length(seconds, loop) * speed) + (loop ? 0 : 1);
  expect(count).toBe(frames.length);
  frames.forEach(([from, to, share], frame) => {
    const time = (frame * length(seconds, loop)) / (loop ? count : count - 1);
    const leg = legAt(time, seconds, ease, loop);
    const place = (at: { from: number; to: number; share: number }) => {
      const weights = new Map<number, number>();
      weights.set(at.from, 1 - at.share);
      weights.set(at.to, (weights.get(at.to) ?? 0) + at.share);
      return seconds.map((_, stop) => +(weights.get(stop) ?? 0).toFixed(5));
    };
    // At a key frame "all of the second" and "nothing of the next leg yet" are the same place.
    place(leg).forEach((weight, stop) => expect(weight).toBeCloseTo(place({ from, to, share })[stop] as number, 4));
  });
});

test('before the beginning and after the end it rests', () => {
  expect(legAt(-1, [2, 3], 'linear', false)).toEqual({ from: 0, to: 1, share: 0 });
  expect(legAt(9, [2, 3], 'linear', false)).toEqual({ from: 0, to: 1, share: 1 });
});
