import { expect, test } from 'vitest';
import {
  atCode,
  atSeed,
  between,
  child,
  format,
  noise,
  onPlane,
  parse,
  ring,
  type Spot,
  sum,
  terms,
  words,
} from './spots';

test.each(['s3_1', 's3.25_1.5', 'p-0.4_1.1', 'n17', 'zAAAAPwAA_-4', 's3_0~-1*s4_0~0.5*zAAAAPwAA', '0*n1'])(
  '%s is read and written alike',
  (text) => expect(format(parse(text)!)).toBe(text),
);

test.each(['', 's', 's1', 's-1_0', 's1_2~', 'x1_2', 'z<b>', 's1e5_0', 'sNaN_0', '1*2*s1_1', 'n-1', 's1_2 '])(
  '%s names no place',
  (text) => expect(parse(text)).toBeUndefined(),
);

test('a seed lies at its row and column of the plane', () => {
  expect(format(atSeed(352))).toBe('s52_3');
  expect(words(atSeed(352))).toBe('seed 352');
});

test('what is in several places is in their sum once', () => {
  expect(format(sum([1, atSeed(1)], [-1, atSeed(2)], [1, atSeed(1)]))).toBe('2*s1_0~-1*s2_0');
  expect(format(sum([1, atSeed(1)], [-1, atSeed(1)]))).toBe('0*s1_0');
});

test('a child keeps the length of a normal draw', () => {
  const parts = child(child(atSeed(1), 2, 0.3), 3, 0.5);
  expect(parts.reduce((total, { weight }) => total + weight ** 2, 0)).toBeCloseTo(1, 12);
  expect(format(child(atSeed(1), 2, 0))).toBe('s1_0');
});

test('a ring is a loop on the shell, and even', () => {
  const places = ring(atSeed(1), [2, 3], 0.5, 8);
  for (const parts of places) expect(parts.reduce((total, { weight }) => total + weight ** 2, 0)).toBeCloseTo(1, 12);
  expect(format(places[2] as Spot)).toBe('0.7071*s1_0~0.7071*n3');
  expect(format(places[4] as Spot)).toBe('0.7071*s1_0~-0.7071*n2');
});

test('between two parents lie even steps', () => {
  expect(between(atSeed(1), noise(2), 3).map(format)).toEqual(['s1_0', '0.5*s1_0~0.5*n2', 'n2']);
});

test('a code goes to an address and back to the server with the same bytes', () => {
  const code = { shape: [2], dtype: 'float32' as const, data: '+/8/PwAAgD8=' };
  const text = format(atCode(code));
  expect(text).toBe('z-_8_PwAAgD8');
  expect(terms(parse(text)!, 2)).toEqual([{ weight: 1, code }]);
});

test('a place on the plane is the centre and so much of both axes', () => {
  const part = (data: string) => ({ shape: [1], dtype: 'float32' as const, data });
  const plane = { centre: part('AAAA'), axes: [part('BBBB'), part('CCCC')] as const };
  expect(terms(sum([2, onPlane(3, -1)]), 1, plane)).toEqual([
    { weight: 2, code: plane.centre },
    { weight: 6, code: plane.axes[0] },
    { weight: -2, code: plane.axes[1] },
  ]);
  expect(terms(onPlane(0, 0), 1)).toBeUndefined();
});
