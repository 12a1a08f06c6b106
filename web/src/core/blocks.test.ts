import { expect, test } from 'vitest';
import { part, range, received } from './blocks';

test('bytes and floats by hand', () => {
  expect([...received({ shape: [2, 2], dtype: 'uint8', data: 'AAF/gP8='.slice(0, 6) + '==' }).values]).toEqual([
    0, 1, 127, 128,
  ]);
  // 1.0 is 00 00 80 3f, -2.0 is 00 00 00 c0, least byte first
  expect([...received({ shape: [2], dtype: 'float32', data: 'AACAPwAAAMA=' }).values]).toEqual([1, -2]);
});

test('a wrong shape is refused', () => {
  expect(() => received({ shape: [3], dtype: 'float32', data: 'AACAPwAAAMA=' })).toThrow('2 numbers for the shape 3');
});

test('a part shares the numbers of its whole', () => {
  const whole = { shape: [2, 1, 2], values: Float32Array.of(1, 2, 3, 4) };
  const second = part(whole, 1);
  expect(second.shape).toEqual([1, 2]);
  expect([...second.values]).toEqual([3, 4]);
  whole.values[2] = 9;
  expect(second.values[0]).toBe(9);
  expect(() => part(whole, 2)).toThrow(RangeError);
});

test('the range of finite numbers', () => {
  expect(range([3, NaN, -1, Infinity])).toEqual([-1, 3]);
  expect(range([])).toEqual([0, 0]);
});
