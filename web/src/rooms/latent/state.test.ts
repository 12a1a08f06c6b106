import { expect, test } from 'vitest';
import { keysOf, movesOf, written, writtenKeys } from './state';

test('names of directions may hold anything, and nothing is moved by 0', () => {
  const moves = new Map([
    ['glasses=yes, or: no', 2.5],
    ['weights 1', -1],
    ['still', 0],
  ]);
  const back = movesOf(written(moves));
  expect([...back]).toEqual([...moves].slice(0, 2));
  expect(written(moves).join('').includes(',')).toBe(false);
});

test('nonsense in an address moves nothing', () => {
  expect(movesOf(['', 'x', ':3', 'x:', 'x:NaN', 'x:1e9', '%zz:1'])).toEqual(new Map([['%zz', 1]]).set('x', 0));
});

test('key frames come in the order of their seconds', () => {
  const keys = keysOf(['2@s1_0', '0.5@n3', 'x@s1_0', '3@', '-1@s1_0']);
  expect(keys).toEqual([
    { second: 0.5, place: 'n3' },
    { second: 2, place: 's1_0' },
  ]);
  expect(keysOf(writtenKeys(keys))).toEqual(keys);
});
