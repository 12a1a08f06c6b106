import { expect, test } from 'vitest';
import { count, duration, number, percent, plural, within } from './words';

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

test.each([
  [7.347874, 0.791908, '7.35 ± 0.79'],
  [-0.0043229, 0.0101304, '−0.004 ± 0.010'],
  [1234.5, 99.6, '1235 ± 100'],
  [1234.5, 14.2, '1235 ± 14'],
  [0.2039, 0.0402, '0.204 ± 0.040'],
  [0.5, 0, '0.5'],
  [0.5, null, '0.5'],
])('%s with an error of %s is written %s', (value, error, words) => expect(within(value, error)).toBe(words));
