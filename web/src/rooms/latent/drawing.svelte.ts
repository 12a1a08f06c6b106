/** Pictures of places: one that follows the hand, the last wish wins; and sheets of several at once. */
import { api, asked, wordsOf } from '../../api/client';
import type { components } from '../../api/schema';
import { type Block, part, received } from '../../core/blocks';
import { pixels } from '../../core/colours';
import { latest } from '../../core/latest';
import type { Point } from './walk.svelte';

export type Wish = components['schemas']['PictureAsked'];

/** The server draws at most so many places in one request. */
const MOST_POINTS = 128;
const MOST_LETTERS = 600_000;

/** A picture that follows what `wish` says. Milliseconds from the wish to the picture are measured beside it. */
export class Follower {
  picture: ImageBitmap | undefined = $state.raw();
  problem = $state('');
  milliseconds: number | undefined = $state();

  constructor(run: () => string, wish: () => Wish | undefined) {
    const drawing = latest(
      async (each: { run: string; wish: Wish; since: number }, signal: AbortSignal) => {
        const params = { path: { run_id: each.run } };
        const body = each.wish;
        const found = await asked(api.POST('/api/runs/{run_id}/place', { params, body, signal, parseAs: 'blob' }));
        return createImageBitmap(found as unknown as Blob);
      },
      (picture, { since }) => {
        this.picture?.close();
        this.picture = picture;
        this.problem = '';
        this.milliseconds = performance.now() - since;
      },
      (error) => (this.problem = wordsOf(error)),
    );
    // Compared as text, so that what changes in the address for other reasons asks for nothing.
    const text = $derived.by(() => {
      const asking = wish();
      return asking && run() ? JSON.stringify({ run: run(), wish: asking }) : '';
    });
    $effect(() => {
      if (text) drawing.ask({ ...(JSON.parse(text) as { run: string; wish: Wish }), since: performance.now() });
    });
    $effect(() => drawing.stop);
  }
}

/** Several places as pictures, drawn in parts where they are many. */
export async function sheet(
  run_id: string,
  points: readonly Point[],
  named: string | null,
  signal?: AbortSignal,
): Promise<ImageData[]> {
  const found: ImageData[] = [];
  // A place may carry codes of many numbers, and a question may have 1 MiB.
  const long = JSON.stringify(points[0] ?? '').length;
  const together = Math.max(1, Math.min(MOST_POINTS, Math.floor(MOST_LETTERS / long)));
  for (let start = 0; start < points.length; start += together) {
    const body = { points: points.slice(start, start + together), named };
    const params = { path: { run_id } };
    const some = await asked(api.POST('/api/runs/{run_id}/places', { params, body, signal }));
    found.push(...picturesOf(some.pictures));
  }
  return found;
}

/** Pictures (N, H, W, C) that the server has sent. */
export function picturesOf(sent: Parameters<typeof received>[0]): ImageData[] {
  const block: Block = received(sent);
  const [count = 0, height = 0, width = 0, channels = 0] = block.shape;
  return Array.from(
    { length: count },
    (_, at) => new ImageData(pixels(part(block, at).values, channels), width, height),
  );
}

/** Where a net that is tied to a pad has the place (x, y) of the pad. */
export function tiedPoint(net: components['schemas']['TiedNet'], x: number, y: number): Point {
  const term = (weight: number, code: typeof net.offset) => ({ weight, code, seed: null, plane: null });
  return { mix: [term(1, net.offset), term(x, net.across), term(y, net.up)], moves: [], psi: 1, centre: null };
}
