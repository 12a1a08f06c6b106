import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { normal } from './seeds';

interface Case {
  seed: number;
  stream: number;
  float32: string[];
}
const golden: { cases: Case[] } = JSON.parse(readFileSync('../contracts/golden/seeds.json', 'utf8'));

const hex = (numbers: Float32Array): string[] =>
  [...new Uint32Array(numbers.buffer)].map((bits) => bits.toString(16).padStart(8, '0'));

test.each(golden.cases)('seed $seed, stream $stream has the same bits as in Python', ({ seed, stream, float32 }) => {
  expect(hex(normal(seed, float32.length, stream))).toEqual(float32);
});

test('a longer sequence begins with the shorter', () => {
  expect([...normal(7, 9).slice(0, 6)]).toEqual([...normal(7, 6)]);
});

test.each([-1, 0.5, 2 ** 53, NaN])('%s is no seed', (seed) => {
  expect(() => normal(seed, 1)).toThrow('a seed is a whole number');
});
