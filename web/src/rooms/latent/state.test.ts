import { expect, test } from 'vitest';
import { keysOf, writtenKeys } from './state';

test('key frames come in the order of their seconds', () => {
  const keys = keysOf(['2@s1_0', '0.5@n3', 'x@s1_0', '3@', '-1@s1_0']);
  expect(keys).toEqual([
    { second: 0.5, place: 'n3' },
    { second: 2, place: 's1_0' },
  ]);
  expect(keysOf(writtenKeys(keys))).toEqual(keys);
});
