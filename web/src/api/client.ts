/** The studio's server, typed by its OpenAPI document. Every failure is a `Problem` with words for a person. */
import createClient from 'openapi-fetch';
import type { paths } from './schema';

/** The server names the session by a cookie that the printed link has set; no page but this one can use it. */
export const api = createClient<paths>({ baseUrl: location.origin, credentials: 'same-origin' });

export class Problem extends Error {
  constructor(
    message: string,
    readonly kind: string,
    readonly status: number,
  ) {
    super(message);
  }
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer: `await asked(api.GET('/api/runs'))`. Throws Problem. */
export async function asked<T>(answer: Promise<Answer<T>>): Promise<T> {
  let got: Answer<T>;
  try {
    got = await answer;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem('The studio does not answer: is it still running in its terminal?', 'Offline', 0);
  }
  if (got.error === undefined && got.response.ok) return got.data as T;
  throw problemOf(got.error, got.response.status);
}

export function problemOf(body: unknown, status: number): Problem {
  const error = (body as { error?: { kind?: unknown; message?: unknown } } | undefined)?.error;
  if (typeof error?.kind === 'string' && typeof error.message === 'string') {
    return new Problem(error.message, error.kind, status);
  }
  return new Problem(`The studio answered with the status ${status} and no reason.`, 'Unknown', status);
}

/** Words for anything that was thrown. */
export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The address of a picture: `upload:…`, `data:…`, `run:…` or `seed:…`. */
export const pictureAddress = (id: string): string => `/api/pictures/${encodeURIComponent(id)}`;

/** Gives the server a picture; it answers with the picture's id. Throws Problem when it is none. */
export async function givePicture(file: Blob): Promise<string> {
  const response = await fetch('/api/pictures', {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: file,
  }).catch(() => undefined);
  if (response === undefined) throw new Problem('The studio does not answer.', 'Offline', 0);
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw problemOf(body, response.status);
  return (body as { id: string }).id;
}
