import { expect, test } from 'vitest';
import { calm } from './calm';

test('what was there stays while more is awaited; a first wait and a problem are shown', () => {
  expect(calm({ kind: 'waiting', last: 3 })).toEqual({ kind: 'here', value: 3, last: 3 });
  expect(calm({ kind: 'waiting' })).toEqual({ kind: 'waiting' });
  expect(calm({ kind: 'problem', words: 'gone', last: 3 })).toEqual({ kind: 'problem', words: 'gone', last: 3 });
});
