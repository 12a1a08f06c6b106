import { expect, test } from 'vitest';
import { movesOf, writtenMoves } from './moves';

test('names of directions may hold anything, and nothing is moved by 0', () => {
  const moves = new Map([
    ['glasses=yes, or: no', 2.5],
    ['ü & %', -2],
    ['__proto__', 0.25],
    ['weights 1', -1],
    ['still', 0],
  ]);
  const back = movesOf(writtenMoves(moves));
  expect([...back]).toEqual([...moves].slice(0, 4));
  expect(writtenMoves(moves).join('').includes(',')).toBe(false);
});

test('nonsense in an address moves nothing', () => {
  expect(movesOf(['', 'x', ':3', 'x:', 'x:NaN', 'x:1e9', 'x:21', '%zz:1'])).toEqual(new Map([['%zz', 1]]).set('x', 0));
});
