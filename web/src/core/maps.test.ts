import { expect, test } from 'vitest';
import { framed, greyed, pixelsOf, planesOf, spanOf } from './maps';
import { standing } from './kernels';

const two = { width: 2, height: 1, values: Uint8ClampedArray.of(255, 0, 0, 255, 0, 255, 0, 128) };

test('bytes as planes and back', () => {
  expect([...planesOf(two, 3).values]).toEqual([255, 0, 0, 255, 0, 0]);
  expect([...planesOf(two, 1, 127.5, -1).values]).toEqual([1, -1]);
  const back = pixelsOf(planesOf(two, 3), [0, 255]);
  expect([...back.values]).toEqual([255, 0, 0, 255, 0, 255, 0, 255]);
});

test('grey is that of Pillow', () => {
  const grey = greyed(two).values;
  expect([...grey]).toEqual([76, 76, 76, 255, 150, 150, 150, 128]);
});

test('0 is in the middle as soon as anything is below it', () => {
  expect(spanOf(Float32Array.of(0, 0.5))).toEqual([0, 1]);
  expect(spanOf(Float32Array.from([-2, ...Array(300).fill(2), -100]))).toEqual([-2, 2]);
  expect([...pixelsOf({ channels: 1, width: 1, height: 1, values: Float32Array.of(0) }, [-2, 2]).values]).toEqual([
    128, 128, 128, 255,
  ]);
});

test('what the edge rule puts around a picture is paler', () => {
  const { width, height, values } = framed(two, 1, (at, count) => standing(at, count, 'replicate'));
  expect([width, height]).toEqual([4, 3]);
  expect([...values.subarray(0, 8)]).toEqual([255, 0, 0, 110, 255, 0, 0, 110]);
  expect([...values.subarray(20, 24)]).toEqual([255, 0, 0, 255]);
  const zeros = framed(two, 1, (at, count) => standing(at, count, 'zero')).values;
  expect([...zeros.subarray(16, 20)]).toEqual([0, 0, 0, 110]);
});
