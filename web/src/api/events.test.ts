import { expect, test } from 'vitest';
import { Following, type Heard, type Stream } from './events';

function harness() {
  const streams: (Stream & { address: string; closed: boolean })[] = [];
  const following = new Following((address) => {
    const stream = {
      address,
      closed: false,
      onmessage: null,
      close: () => void (stream.closed = true),
    } as (typeof streams)[0];
    streams.push(stream);
    return stream;
  });
  const say = (heard: Heard, id: string) =>
    streams.at(-1)?.onmessage?.(new MessageEvent('message', { data: JSON.stringify(heard), lastEventId: id }));
  return { streams, following, say };
}
const settle = () => new Promise((resolve) => setTimeout(resolve));
const query = (address: string | undefined) => Object.fromEntries(new URL(address ?? '', 'http://x').searchParams);

test('two followers share one stream, and each hears its own source', async () => {
  const { streams, following, say } = harness();
  const one: Heard[] = [];
  const two: Heard[] = [];
  following.follow('run:a', (heard) => one.push(heard));
  following.follow('task:b', (heard) => two.push(heard), 40);
  await settle();
  expect(streams.length).toBe(1);
  expect(query(streams[0]?.address)).toEqual({ follow: 'run:a,task:b', after: '0,40' });
  say({ source: 'run:a', start: 0, event: { kind: 'stepped' } }, '12,40');
  say({ source: 'task:b', alive: true }, '12,40');
  expect(one.map((each) => each.event?.kind)).toEqual(['stepped']);
  expect(two.map((each) => each.alive)).toEqual([true]);
});

test('a new follower does not make the others hear anything twice', async () => {
  const { streams, following, say } = harness();
  following.follow('run:a', () => undefined);
  await settle();
  say({ source: 'run:a', start: 0, event: { kind: 'stepped' } }, '12');
  const end = following.follow('run:c', () => undefined);
  await settle();
  expect(streams[0]?.closed).toBe(true);
  expect(query(streams[1]?.address)).toEqual({ follow: 'run:a,run:c', after: '12,0' });
  end();
  await settle();
  expect(query(streams[2]?.address)).toEqual({ follow: 'run:a', after: '12' });
});

test('when nobody follows, no stream is open', async () => {
  const { streams, following } = harness();
  const end = following.follow('run:a', () => undefined);
  await settle();
  end();
  end();
  await settle();
  expect(streams.length).toBe(1);
  expect(streams[0]?.closed).toBe(true);
});
