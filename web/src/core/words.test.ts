import { expect, test } from 'vitest';
import { count, duration, number, percent, plural } from './words';

test.each([
  [0.123456, '0.1235'],
  [-2, '−2'],
  [0, '0'],
  [1234567, '1.23e+6'],
  [0.00001234, '1.23e−5'],
  [NaN, '–'],
  [null, '–'],
])('%s is written %s', (value, words) => expect(number(value)).toBe(words));

test('shares, counts and times', () => {
  expect(percent(0.5)).toBe('50 %');
  expect(percent(0.0123)).toBe('1.2 %');
  expect(count(1234567)).toBe('1 234 567');
  expect(duration(61)).toBe('1 min 1 s');
  expect(duration(3720)).toBe('1 h 2 min');
  expect(plural(1, 'picture')).toBe('1 picture');
  expect(plural(2000, 'class', 'classes')).toBe('2 000 classes');
});
