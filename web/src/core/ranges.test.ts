import { expect, it } from 'vitest';
import { spanOf, unpacked } from './ranges';

const net = [
  { lows: [-1, 0], highs: [2, 5] },
  { lows: [], highs: [] },
  { lows: [-9, null], highs: [0, 1] },
];

it('spans a unit, its layer or the net', () => {
  expect(spanOf('unit', net, 0, 1)).toEqual([0, 5]);
  expect(spanOf('layer', net, 0, 1)).toEqual([-1, 5]);
  expect(spanOf('net', net, 0, 1)).toEqual([-9, 5]);
  expect(spanOf('layer', net, 1, 0)).toEqual([0, 0]);
  expect(spanOf('unit', net, 2, 1)).toEqual([0, 1]);
});

it('unpacks bytes', () => {
  const found = unpacked([0, 51, 255], -1, 4);
  expect([...found]).toEqual([-1, 0, 4]);
});
