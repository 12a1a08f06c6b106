import { expect, test } from 'vitest';
import { latest } from './latest';

function harness() {
  const open: {
    argument: number;
    finish: (value: string) => void;
    fail: (error: Error) => void;
    signal: AbortSignal;
  }[] = [];
  const done: string[] = [];
  const failed: string[] = [];
  const asked = latest<number, string>(
    (argument, signal) => new Promise((finish, fail) => open.push({ argument, finish, fail, signal })),
    (result) => done.push(result),
    (error) => failed.push(String(error)),
  );
  return { open, done, failed, asked };
}
const settle = () => new Promise((resolve) => setTimeout(resolve));

test('of many that come in while one is under way, only the newest is done', async () => {
  const { open, done, asked } = harness();
  for (const number of [1, 2, 3, 4]) asked.ask(number);
  expect(open.map((each) => each.argument)).toEqual([1]);
  open[0]!.finish('one');
  await settle();
  expect(open.map((each) => each.argument)).toEqual([1, 4]);
  open[1]!.finish('four');
  await settle();
  expect(done).toEqual(['one', 'four']);
});

test('a failure is told, and the next goes on', async () => {
  const { open, done, failed, asked } = harness();
  asked.ask(1);
  asked.ask(2);
  open[0]!.fail(new Error('no'));
  await settle();
  open[1]!.finish('two');
  await settle();
  expect(failed).toEqual(['Error: no']);
  expect(done).toEqual(['two']);
});

test('after a stop nothing is told, and a new one begins at once', async () => {
  const { open, done, asked } = harness();
  asked.ask(1);
  asked.ask(2);
  asked.stop();
  expect(open[0]!.signal.aborted).toBe(true);
  asked.ask(3);
  open[0]!.finish('late');
  open[1]!.finish('three');
  await settle();
  expect(done).toEqual(['three']);
  expect(open.length).toBe(2);
});
