import { expect, test } from 'vitest';
import { asked, Problem, problemOf } from './client';

const response = (status: number) => new Response(null, { status });

test('the data of a good answer', async () => {
  expect(await asked(Promise.resolve({ data: 7, response: response(200) }))).toBe(7);
});

test('the words of a refusal are the server’s own', async () => {
  const refused = { error: { error: { kind: 'RunError', message: 'no run of that name' } }, response: response(404) };
  const found = await asked(Promise.resolve(refused)).catch((error: unknown) => error);
  expect(found).toBeInstanceOf(Problem);
  expect(found).toMatchObject({ message: 'no run of that name', kind: 'RunError', status: 404 });
});

test('an answer without a reason still says something', () => {
  expect(problemOf('<html>', 502).message).toContain('502');
  expect(problemOf({ error: { kind: 1 } }, 500).kind).toBe('Unknown');
});

test('a dead server is named as such; a given-up request stays what it is', async () => {
  await expect(asked(Promise.reject(new TypeError('fetch failed')))).rejects.toThrow('does not answer');
  const given = new DOMException('given up', 'AbortError');
  await expect(asked(Promise.reject(given))).rejects.toBe(given);
});
