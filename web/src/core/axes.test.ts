import { expect, test } from 'vitest';
import { along, axisOf, marks } from './axes';

test('an axis holds its finite numbers', () => {
  expect(axisOf([3, NaN, -1, Infinity])).toEqual({ least: -1, most: 3, log: false });
  expect(axisOf([0, 10, 1000], true)).toEqual({ least: 10, most: 1000, log: true });
  expect(axisOf([])).toEqual({ least: 0, most: 1, log: false });
  expect(axisOf([2])).toEqual({ least: 1.5, most: 2.5, log: false });
});

test('places on it', () => {
  expect(along(axisOf([0, 10]), 2.5)).toBe(0.25);
  expect(along(axisOf([1, 100], true), 10)).toBeCloseTo(0.5, 12);
});

test('marks are round', () => {
  expect(marks(axisOf([0, 1]))).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(marks(axisOf([-3, 47]))).toEqual([0, 10, 20, 30, 40]);
  expect(marks(axisOf([90, 20_000], true))).toEqual([100, 1000, 10_000]);
});
