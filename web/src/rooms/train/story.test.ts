import { expect, test } from 'vitest';
import { drawn, EMPTY, MOST_POINTS, smoothed, told, type LoggedEvent } from './story';

const at = (images: number) => ({ images_seen: images, seconds: images / 100 });
const step = (images: number, loss: number): LoggedEvent => ({
  ...at(images),
  kind: 'stepped',
  figures: { loss },
  learning_rate: 0.1,
  fraction: images / 1000,
  epoch: images / 50,
});

test('steps become curves over images and seconds, and the newest figures', () => {
  const story = told(told(EMPTY, [step(16, 2)]), [step(32, 1), step(48, 0.5)]);
  expect(story.curves.get('loss')).toEqual([
    [16, 0.16, 2],
    [32, 0.32, 1],
    [48, 0.48, 0.5],
  ]);
  expect(story).toMatchObject({ images: 48, fraction: 0.048, figures: { loss: 0.5 }, learningRate: 0.1 });
});

test('an older story is not changed by what is heard later', () => {
  const first = told(EMPTY, [step(16, 2)]);
  told(first, [step(32, 1)]);
  expect(first.curves.get('loss')).toHaveLength(1);
});

test('a sitting that goes on from a snapshot draws nothing twice', () => {
  const story = told(EMPTY, [
    step(16, 2),
    step(32, 1),
    { ...at(16), kind: 'started', run: 'r', resumed: true },
    step(32, 3),
  ]);
  expect(story.curves.get('loss')?.map((point) => point[2])).toEqual([2, 3]);
});

test('pauses, wishes and ends are told in words', () => {
  let story = told(EMPTY, [
    { ...at(16), kind: 'steered', message: 'half the rate', phase: null, rates: { critic: 0.5 }, slow: 2 },
    { ...at(16), kind: 'paused' },
  ]);
  expect(story).toMatchObject({ paused: true, rates: { critic: 0.5 }, slow: 2 });
  expect(story.notes).toEqual([{ images: 16, tone: 'steered', words: 'half the rate' }]);
  story = told(story, [{ ...at(16), kind: 'resumed' }]);
  expect(story.paused).toBe(false);
  story = told(story, [{ ...at(32), kind: 'failed', error: 'DataError', message: 'the pictures have changed' }]);
  expect(story).toMatchObject({ ended: 'the pictures have changed', failed: true });
  story = told(story, [{ ...at(32), kind: 'started', run: 'r', resumed: true }]);
  expect(story).toMatchObject({ ended: '', failed: false });
  expect(told(story, [{ ...at(40), kind: 'stopped', reason: 'SIGTERM' }]).ended).toBe('stopped');
});

test('a long curve is thinned and keeps its newest point', () => {
  const story = told(
    EMPTY,
    Array.from({ length: 3 * MOST_POINTS }, (_, place) => step(place + 1, place)),
  );
  const points = story.curves.get('loss') ?? [];
  expect(points.length).toBeLessThanOrEqual(MOST_POINTS);
  expect(points.at(-1)?.[0]).toBe(3 * MOST_POINTS);
});

test('measurements on held-out pictures are curves of their own; what is no event is passed over', () => {
  const story = told(EMPTY, [
    { ...at(16), kind: 'measured', figures: { accuracy: 0.5 }, split: 'val', n: 10 },
    { kind: 'corrupt', reason: 'torn' },
  ]);
  expect([...story.curves.keys()]).toEqual(['held-out accuracy']);
});

test('smoothing keeps a constant and halves the weight of a step after so many points', () => {
  const flat = [0, 1, 2, 3].map((place) => [place, 0, 5] as const);
  expect(smoothed(flat, 3).map((point) => point[2])).toEqual([5, 5, 5, 5]);
  const kink = smoothed(
    [
      [0, 0, 0],
      [1, 0, 3],
    ],
    1,
  );
  expect(kink[1]?.[2]).toBeCloseTo(2); // weights 1/2 and 1
});

test('a chart gets measured curves as they are, over images or seconds', () => {
  const measured = (images: number, accuracy: number): LoggedEvent => ({
    ...at(images),
    kind: 'measured',
    figures: { accuracy },
    split: 'val',
    n: 10,
  });
  const story = told(EMPTY, [measured(100, 0.2), measured(200, 0.8)]);
  expect(drawn(story, 'held-out accuracy', 'images')).toEqual([
    [100, 0.2],
    [200, 0.8],
  ]);
  expect(drawn(story, 'held-out accuracy', 'seconds')).toEqual([
    [1, 0.2],
    [2, 0.8],
  ]);
  expect(drawn(story, 'nothing', 'images')).toEqual([]);
});
