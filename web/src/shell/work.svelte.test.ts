import { flushSync } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { api } from '../api/client';
import type { Heard } from '../api/events';
import { Work } from './work.svelte';

const heard = vi.hoisted(() => ({ by: (_: Heard): void => undefined, ended: 0 }));
vi.mock('../api/events', () => ({
  follow: (_: string, hear: (news: Heard) => void) => {
    heard.by = hear;
    return () => void heard.ended++;
  },
}));

let line: { state: string; done: number; total: number; words: string };
const settle = async () => {
  await new Promise((resolve) => setTimeout(resolve));
  flushSync();
};
let stop: () => void;
let work: Work<{ answer: number }>;

beforeEach(async () => {
  heard.ended = 0;
  line = { state: 'running', done: 0, total: 0, words: '' };
  vi.spyOn(api, 'GET').mockImplementation((async () => ({
    data: { task: { ...line }, result: line.state === 'done' ? { answer: 42 } : null },
    response: new Response(),
  })) as never);
  stop = $effect.root(() => {
    work = new Work<{ answer: number }>(() => 'a-task');
  });
  flushSync();
  await settle();
});
afterEach(() => {
  stop();
  vi.restoreAllMocks();
});

test('how far it is, and what came of it', async () => {
  heard.by({ source: 'task:a-task', event: { kind: 'progressed', done: 3, total: 9, words: 'steps' } });
  expect(work.line).toEqual({ state: 'running', done: 3, total: 9, words: 'steps' });
  expect(work.result).toBeUndefined();
  line.state = 'done';
  heard.by({ source: 'task:a-task', event: { kind: 'ended' } });
  await settle();
  expect(work.result).toEqual({ answer: 42 });
  expect(work.running).toBe(false);
});

test('a process that was killed without a last word does not run for ever', async () => {
  expect(work.running).toBe(true);
  line.state = 'lost';
  heard.by({ source: 'task:a-task', alive: false });
  await settle();
  expect(work.running).toBe(false);
  expect(work.problem).toContain('interrupted');
});

test('nothing is followed any more when it is left', () => {
  stop();
  expect(heard.ended).toBe(1);
});
