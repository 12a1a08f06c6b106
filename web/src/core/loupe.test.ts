import { expect, test } from 'vitest';
import { followed, next, partAt, stepped } from './loupe';

test('a part lies around its middle and within the picture', () => {
  expect(partAt(16, 16, 1, 3, 3)).toEqual({ x: 0, y: 0, columns: 16, rows: 16 });
  expect(partAt(64, 32, 4, 60, 1)).toEqual({ x: 48, y: 0, columns: 16, rows: 8 });
  expect(partAt(64, 32, 4, 32, 16)).toEqual({ x: 24, y: 12, columns: 16, rows: 8 });
});

test('a part follows the cursor only as far as it must', () => {
  const part = { x: 10, y: 10, columns: 8, rows: 8 };
  expect(followed(part, 64, 64, 13, 13, 1)).toEqual(part);
  expect(followed(part, 64, 64, 18, 10, 1)).toEqual({ ...part, x: 12, y: 9 });
  expect(followed(part, 64, 64, 0, 63, 1)).toEqual({ ...part, x: 0, y: 56 });
});

test('reading order goes round', () => {
  const part = { x: 2, y: 1, columns: 2, rows: 2 };
  expect([next(2, 1, part), next(3, 1, part), next(3, 2, part), next(9, 9, part)]).toEqual([
    [3, 1],
    [2, 2],
    [2, 1],
    [2, 1],
  ]);
});

test('keys stay within the picture', () => {
  expect(stepped('ArrowLeft', 0, 3, 8, 8)).toEqual([0, 3]);
  expect(stepped('ArrowDown', 0, 3, 8, 8)).toEqual([0, 4]);
  expect(stepped('End', 0, 3, 8, 8)).toEqual([7, 3]);
  expect(stepped('a', 0, 3, 8, 8)).toBeUndefined();
});
