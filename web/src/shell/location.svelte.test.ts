import { flushSync } from 'svelte';
import { beforeEach, expect, test } from 'vitest';
import { text, whole } from '../core/url';
import { place, view, type View } from './location.svelte';

const fields = { run: text(), size: whole(3, 3, 7) };
let here: View<{ run: string; size: number }>;
let stop: () => void;

beforeEach(() => {
  stop?.();
  place.go('/network', 'hide=stride');
  stop = $effect.root(() => {
    here = view(fields);
  });
});

test('a click is a step in the history, a drag is not; what belongs to others stays', () => {
  const before = history.length;
  here.set({ size: 5 });
  expect(history.length).toBe(before + 1);
  here.drag({ size: 6 });
  expect(history.length).toBe(before + 1);
  expect(here.now).toEqual({ run: '', size: 6 });
  expect(location.pathname + location.search).toBe('/network?hide=stride&size=6');
  expect(here.link({ run: 'a' })).toBe('/network?hide=stride&size=6&run=a');
});

test('a room that is being left neither reads nor writes the address of the next', () => {
  here.set({ run: 'mine' });
  flushSync();
  place.go('/train', 'run=other');
  expect(here.now.run).toBe('mine');
  here.set({ run: 'late' });
  here.drag({ size: 7 });
  expect(location.pathname + location.search).toBe('/train?run=other');
});
