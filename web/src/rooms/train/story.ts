/** A run's log as it is heard, told as one value: where the training stands, what was said, and its curves. */
import type { components } from '../../api/schema';

export type LoggedEvent = components['schemas']['RunEvents']['events'][number];
export type Point = readonly [images: number, seconds: number, value: number];

export interface Note {
  readonly images: number;
  readonly tone: 'note' | 'steered' | 'problem';
  readonly words: string;
}

export interface Story {
  readonly images: number;
  readonly seconds: number;
  /** Share of the budget that is used up. */
  readonly fraction: number;
  readonly epoch: number;
  readonly learningRate: number;
  /** Factors that a person has set on the planned rate, by phase. */
  readonly rates: Readonly<Record<string, number>>;
  readonly slow: number;
  readonly paused: boolean;
  /** Why the last sitting ended, in words; '' while it goes on. */
  readonly ended: string;
  readonly failed: boolean;
  readonly finished: boolean;
  readonly figures: Readonly<Record<string, number>>;
  readonly notes: readonly Note[];
  /** By name: "critic", "accuracy", and measurements on held-out pictures as "held-out accuracy". */
  readonly curves: ReadonlyMap<string, readonly Point[]>;
  readonly previews: readonly number[];
  /** Counts what should make a view ask again: previews, snapshots, pauses. */
  readonly looks: number;
}

export const EMPTY: Story = {
  images: 0,
  seconds: 0,
  fraction: 0,
  epoch: 0,
  learningRate: 0,
  rates: {},
  slow: 0,
  paused: false,
  ended: '',
  failed: false,
  finished: false,
  figures: {},
  notes: [],
  curves: new Map(),
  previews: [],
  looks: 0,
};

/** Beyond so many points every second one of a curve goes: a screen has no more pixels. */
export const MOST_POINTS = 600;

const MOST_NOTES = 100;

export function told(before: Story, events: readonly LoggedEvent[]): Story {
  const story = { ...before, curves: new Map(before.curves), notes: [...before.notes], previews: [...before.previews] };
  for (const event of events) hear(story, event);
  for (const [name, points] of story.curves) story.curves.set(name, thinned(points));
  story.notes = story.notes.slice(-MOST_NOTES);
  return story;
}

type Open = { -readonly [K in keyof Story]: Story[K] } & {
  curves: Map<string, readonly Point[]>;
  notes: Note[];
  previews: number[];
};

function hear(story: Open, event: LoggedEvent): void {
  if (event.kind === 'corrupt') return;
  story.images = event.images_seen;
  story.seconds = event.seconds;
  const say = (words: string, tone: Note['tone'] = 'note') =>
    story.notes.push({ images: event.images_seen, tone, words });
  switch (event.kind) {
    case 'started':
      Object.assign(story, { ended: '', failed: false, finished: false, paused: false, slow: 0 });
      forget(story, event.images_seen);
      break;
    case 'stepped':
      story.fraction = event.fraction;
      story.epoch = event.epoch;
      story.learningRate = event.learning_rate;
      story.figures = { ...story.figures, ...event.figures };
      for (const [name, value] of Object.entries(event.figures)) add(story, name, event, value);
      break;
    case 'measured':
      for (const [name, value] of Object.entries(event.figures)) add(story, `held-out ${name}`, event, value);
      break;
    case 'previewed':
      story.previews.push(event.images_seen);
      story.looks++;
      break;
    case 'snapshotted':
      story.looks++;
      break;
    case 'noted':
      say(event.message);
      break;
    case 'diverged':
      say(`diverged: ${event.message}`, 'problem');
      break;
    case 'steered':
      story.rates = event.rates ?? {};
      story.slow = event.slow ?? 0;
      say(event.message, 'steered');
      break;
    case 'paused':
      story.paused = true;
      story.looks++;
      break;
    case 'resumed':
      story.paused = false;
      break;
    case 'stopped':
      Object.assign(story, { ended: ended(event.reason), paused: false });
      break;
    case 'failed':
      Object.assign(story, { ended: event.message, failed: true, paused: false });
      say(event.message, 'problem');
      break;
    case 'finished':
      Object.assign(story, { ended: 'finished', finished: true, paused: false, fraction: 1 });
      story.looks++;
      break;
  }
}

const ended = (reason: string): string =>
  reason.startsWith('SIG') || reason === 'asked' ? 'stopped' : `stopped: ${reason}`;

function add(story: Open, name: string, event: { images_seen: number; seconds: number }, value: number): void {
  const points = story.curves.get(name) ?? [];
  // Grown in place: a story is only handed out when a whole batch of events has been heard.
  if (!fresh.has(points)) story.curves.set(name, own([...points, [event.images_seen, event.seconds, value]]));
  else (points as Point[]).push([event.images_seen, event.seconds, value]);
}

const fresh = new WeakSet<readonly Point[]>();

function own(points: Point[]): Point[] {
  fresh.add(points);
  return points;
}

/** A sitting that goes on from a snapshot repeats what came after it: that is not drawn twice. */
function forget(story: Open, images: number): void {
  for (const [name, points] of story.curves) {
    const last = points.at(-1);
    if (last && last[0] > images) story.curves.set(name, own(points.filter((point) => point[0] <= images)));
  }
  story.previews = story.previews.filter((moment) => moment <= images);
}

function thinned(points: readonly Point[]): readonly Point[] {
  let kept = points;
  while (kept.length > MOST_POINTS) kept = kept.filter((_, place) => place % 2 === 0 || place === kept.length - 1);
  fresh.delete(points);
  return kept;
}

/** A curve without its jitter: a mean over the last points whose weight halves every `half` points. */
export function smoothed(points: readonly Point[], half: number): Point[] {
  const keep = 0.5 ** (1 / Math.max(half, 1e-9));
  let sum = 0;
  let weight = 0;
  return points.map(([images, seconds, value]) => {
    sum = keep * sum + value;
    weight = keep * weight + 1;
    return [images, seconds, sum / weight];
  });
}

/** A curve for a chart: smoothed where each point is one batch's, as it is where it was measured. */
export function drawn(story: Story, curve: string, across: 'images' | 'seconds'): (readonly [number, number])[] {
  const points = story.curves.get(curve) ?? [];
  const place = across === 'images' ? 0 : 1;
  return (curve.startsWith('held-out') ? points : smoothed(points, 12)).map(
    (point) => [point[place], point[2]] as const,
  );
}
