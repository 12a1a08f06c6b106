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
    throw silence();
  }
  if (got.error === undefined && got.response.ok) return got.data as T;
  throw problemOf(got.error, got.response.status);
}

/** What to say when nobody answers. */
export const silence = (): Problem =>
  new Problem('The studio does not answer: is it still running in its terminal?', 'Offline', 0);

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

/** The server's own limits; a body that is too long would be cut off in the midst, without a reason. */
const MOST_BYTES = { pictures: 64 * 2 ** 20, archives: 2 ** 30 } as const;
const MOST_TURNS = 20;

/** Sends bytes as they are, and waits its turn while the studio is busy. Throws Problem. */
export async function send(address: string, body: Blob): Promise<unknown> {
  const most = address.includes('/archives/') ? MOST_BYTES.archives : MOST_BYTES.pictures;
  if (body.size > most) throw new Problem(`It is too long: at most ${most / 2 ** 20} MiB fit here.`, 'TooLong', 413);
  for (let turn = 0; ; turn++) {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body,
    }).catch(() => undefined);
    if (response === undefined) throw silence();
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    if (response.status !== 429 || turn > MOST_TURNS) throw problemOf(answer, response.status);
    await new Promise((go) => setTimeout(go, 250));
  }
}

/** Gives the server a picture; it answers with the picture's id. Throws Problem when it is none. */
export const givePicture = async (file: Blob): Promise<string> =>
  ((await send('/api/pictures', file)) as { id: string }).id;
