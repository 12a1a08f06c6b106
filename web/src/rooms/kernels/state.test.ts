import { expect, test } from 'vitest';
import { read, write } from '../../core/url';
import { kernel } from '../../core/kernels';
import { FIELDS, kernelOf, resized } from './state';

const named = new Map([['blur', kernel([[1, 2, 1], [2, 4, 2], [1, 2, 1]], { scale: 16, edge: 'wrap' })]]); // prettier-ignore

test('an empty address is sharpen, before the list of kernels has come', () => {
  expect(kernelOf(read(FIELDS, ''), new Map()).weights).toEqual([0, -1, 0, -1, 5, -1, 0, -1, 0]);
});

test('a name brings its own scale and edge, which the address may change', () => {
  expect(kernelOf(read(FIELDS, 'preset=blur'), named)).toMatchObject({ scale: 16, edge: 'wrap', stride: 1 });
  expect(kernelOf(read(FIELDS, 'preset=blur&scale=8&edge=zero&stride=2&offset=-3'), named)).toMatchObject({
    scale: 8,
    edge: 'zero',
    stride: 2,
    offset: -3,
  });
});

test('typed cells, of one kernel or of one for three channels', () => {
  const one = read(FIELDS, 'preset=custom&cells=1,0,0,0,-2.5,0,0,0,1');
  expect(kernelOf(one, named)).toMatchObject({ side: 3, across: 0, weights: [1, 0, 0, 0, -2.5, 0, 0, 0, 1] });
  expect(read(FIELDS, write(FIELDS, one))).toEqual(one);
  expect(kernelOf(read(FIELDS, `preset=custom&across=3&cells=${Array(27).fill(1)}`), named)).toMatchObject({
    side: 3,
    across: 3,
  });
  expect(kernelOf(read(FIELDS, 'preset=custom&cells=1,2,3'), named).weights).toEqual([0, -1, 0, -1, 5, -1, 0, -1, 0]);
});

test('another side cuts off or adds zeros all around', () => {
  const cross = kernel([[0, 1, 0], [2, 3, 4], [0, 5, 0]]); // prettier-ignore
  const larger = resized(cross, 5);
  expect([larger.length, larger[12], larger[7], larger[0]]).toEqual([25, 3, 1, 0]);
  expect(resized({ ...cross, side: 5, weights: larger }, 3)).toEqual([...cross.weights]);
});
