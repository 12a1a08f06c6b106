import { afterEach, expect, test, vi } from 'vitest';
import { asked, givePicture, Problem, problemOf, send } from './client';

afterEach(() => vi.unstubAllGlobals());

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

test('what is too long is not even sent', async () => {
  const sent = vi.fn();
  vi.stubGlobal('fetch', sent);
  const long = { size: 64 * 2 ** 20 + 1 } as Blob;
  await expect(givePicture(long)).rejects.toThrow('at most 64 MiB');
  expect(sent).not.toHaveBeenCalled();
});

test('a busy studio is asked again, another refusal is told at once', async () => {
  const answers = [429, 200].map((status) => new Response('{"id":"upload:7"}', { status }));
  vi.stubGlobal(
    'fetch',
    vi.fn(async () => answers.shift()),
  );
  expect(await givePicture(new Blob(['x']))).toBe('upload:7');
  const refused = new Response('{"error":{"kind":"DataError","message":"no picture"}}', { status: 400 });
  vi.stubGlobal('fetch', async () => refused);
  await expect(send('/api/pictures', new Blob(['x']))).rejects.toThrow('no picture');
});
