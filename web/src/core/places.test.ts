import { expect, test } from 'vitest';
import { nearestTo, towards } from './places';

// A cross: middle, right, far right, below, left and a bit up.
const CROSS = [0.5, 0.5, 0.6, 0.5, 0.9, 0.52, 0.5, 0.9, 0.2, 0.4];

test('the nearest place', () => {
  expect(nearestTo(CROSS, 0.58, 0.5)).toBe(1);
  expect(nearestTo(CROSS, 0, 0)).toBe(4);
  expect(nearestTo([], 0, 0)).toBe(-1);
});

test('the next place in a direction, or none', () => {
  expect(towards(CROSS, 0, [1, 0])).toBe(1);
  expect(towards(CROSS, 1, [1, 0])).toBe(2);
  expect(towards(CROSS, 0, [0, 1])).toBe(3);
  expect(towards(CROSS, 0, [-1, 0])).toBe(4);
  expect(towards(CROSS, 0, [0, -1])).toBe(0);
});
