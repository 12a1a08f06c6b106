import { expect, test } from 'vitest';
import { choice, flag, list, read, real, text, whole, write } from './url';

const fields = {
  preset: choice('sharpen', 'emboss', 'blur'),
  size: whole(3, 3, 7),
  amount: real(0, -10, 10, 2),
  cells: list(real(0, -999, 999), [1, 2]),
  slow: flag(),
  name: text(),
};

test('defaults are left out, and an empty address is all defaults', () => {
  const state = read(fields, '');
  expect(state).toEqual({ preset: 'sharpen', size: 3, amount: 0, cells: [1, 2], slow: false, name: '' });
  expect(write(fields, state)).toBe('');
});

test('what is written is read again', () => {
  const state = read(fields, '');
  Object.assign(state, { preset: 'emboss', size: 5, amount: -1.25, cells: [], slow: true, name: 'a & b=ü,%' });
  expect(read(fields, write(fields, state))).toEqual(state);
});

test('nonsense falls back to the default, value by value', () => {
  const state = read(fields, 'preset=<b>&size=4.5&amount=1e5&cells=1,x&slow=maybe&name=ok');
  expect(state).toEqual({ ...read(fields, ''), name: 'ok' });
  expect(read(fields, 'size=9').size).toBe(3);
  expect(read(fields, 'amount=NaN').amount).toBe(0);
});

test('a list can be empty although its default is not', () => {
  expect(read(fields, 'cells=').cells).toEqual([]);
});

test('what belongs to others stays in the address', () => {
  expect(write(fields, { ...read(fields, ''), size: 5 }, 'hide=stride&size=7')).toBe('hide=stride&size=5');
});

test('numbers are rounded to their digits', () => {
  expect(write(fields, { ...read(fields, ''), amount: 0.1 + 0.2 })).toBe('amount=0.3');
});
