import { expect, test } from 'vitest';
import { at, inkOn, painted, pixels, SCALES, share } from './colours';

test('zero is the middle of a signed scale, wherever the numbers lie', () => {
  expect(share(SCALES.maps, 0, -1, 7)).toBe(0.5);
  expect(share(SCALES.maps, 7, -1, 7)).toBe(1);
  expect(share(SCALES.maps, -3.5, -1, 7)).toBe(0.25);
  expect(at(SCALES.maps, 0.5)).toEqual([247, 247, 247]);
});

test('unsigned scales run from least to most', () => {
  expect(share(SCALES.grey, 5, 4, 6)).toBe(0.5);
  expect(share(SCALES.grey, 9, 4, 6)).toBe(1);
  expect(share(SCALES.grey, NaN, 4, 6)).toBe(0);
  expect(share(SCALES.grey, 3, 3, 3)).toBe(0);
  expect(share(SCALES.maps, NaN, -1, 1)).toBe(0.5);
});

test('colours between stops are mixed', () => {
  expect(at(SCALES.grey, 0.5)).toEqual([128, 128, 128]);
  expect(at(SCALES.grey, 2)).toEqual([255, 255, 255]);
});

test('numbers become pixels', () => {
  expect([...painted(SCALES.grey, [0, 10], 0, 10)]).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
  expect([...pixels([7], 1)]).toEqual([7, 7, 7, 255]);
  expect([...pixels([1, 2, 3], 3)]).toEqual([1, 2, 3, 255]);
  expect([...pixels([1, 2, 3, 4], 4)]).toEqual([1, 2, 3, 4]);
});

test('text on a colour is readable', () => {
  expect(inkOn([255, 255, 255])).toBe('black');
  expect(inkOn([33, 102, 172])).toBe('white');
});
