import { expect, test } from 'vitest';
import { ChainError, partsOf, stages, stepsOf } from './chains';
import { blocks, kernel, misfit, separated, spelled, standing, turned, unevenStride } from './kernels';
import { toAcf } from './acf';

const sobel = kernel([[1, 0, -1], [2, 0, -2], [1, 0, -1]]); // prettier-ignore

test('Sobel is a column times a row, sharpen is not', () => {
  const parts = separated(sobel)!;
  expect(parts.column.flatMap((c) => parts.row.map((r) => c * r))).toEqual([...sobel.weights]);
  expect(separated(kernel([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]))).toBeNull(); // prettier-ignore
});

test('turning twice is not turning, channel by channel', () => {
  const across = kernel([[[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[0, 0, 1], [0, 0, 0], [0, 0, 0]]]); // prettier-ignore
  expect(blocks(turned(across))).toEqual([[[9, 8, 7], [6, 5, 4], [3, 2, 1]], [[0, 0, 0], [0, 0, 0], [1, 0, 0]]]); // prettier-ignore
  expect(turned(turned(across))).toEqual(across);
});

test('what stands outside', () => {
  expect([-1, 5].map((at) => standing(at, 5, 'zero'))).toEqual([-1, -1]);
  expect([-2, 6].map((at) => standing(at, 5, 'reflect'))).toEqual([2, 2]);
  expect([-2, 6].map((at) => standing(at, 5, 'replicate'))).toEqual([0, 4]);
  expect([-2, 6].map((at) => standing(at, 5, 'wrap'))).toEqual([3, 1]);
});

test('a sum is spelled out, also where it hangs over the edge', () => {
  const planes = { channels: 1, height: 2, width: 2, values: Float32Array.of(10, 20, 30, 40) };
  const sum = spelled({ ...sobel, scale: 2, offset: 5 }, planes, 0, 0);
  expect(sum.terms.filter((term) => !term.outside).map((term) => [term.weight, term.pixel])).toEqual([
    [0, 10],
    [-2, 20],
    [0, 30],
    [-1, 40],
  ]);
  expect([sum.total, sum.value]).toEqual([-80, -35]);
});

test('strides that do not come out even, and kernels that do not fit, say so', () => {
  expect(unevenStride(2, 16, 16)).toBeNull();
  expect(unevenStride(3, 16, 16)).toContain('16 pixels are 5 steps and 1 left over');
  expect(unevenStride(1.5, 16, 16)).toContain('whole number');
  expect(unevenStride(20, 16, 32)).toContain('leaps over');
  expect(misfit({ ...sobel, edge: 'reflect' }, 1, 1, 8)).toContain('at least 2 pixels');
  expect(misfit({ ...sobel, scale: 0 }, 1, 8, 8)).toContain('divided by 0');
  expect(misfit({ ...sobel, across: 3 }, 1, 8, 8)).toContain('spans 3 channels');
  expect(misfit(sobel, 1, 8, 8)).toBeNull();
});

test('chains that cannot be say why', () => {
  const named = new Map([['sobel', sobel]]);
  const picture = { channels: 1, height: 3, width: 3, values: new Float32Array(9) };
  expect(() => stepsOf(partsOf('nothing'), named)).toThrow(ChainError);
  expect(() => stepsOf(partsOf('leaky, bias 1'), named)).toThrow('after a kernel');
  expect(() => partsOf('leaky x')).toThrow('a word and its numbers');
  expect(() => stages(stepsOf(partsOf('pool 2, pool 2'), named), picture)).toThrow('only 1×1 any more');
  expect(() => stages(stepsOf(partsOf('pool 0'), named), picture)).toThrow('whole side');
});

test('a kernel that an image editor cannot hold', () => {
  expect(() => toAcf({ ...sobel, scale: 0.5 })).toThrow('scale: whole numbers');
  expect(() => toAcf(kernel(Array.from({ length: 7 }, () => Array<number>(7).fill(1))))).toThrow('at most 5×5');
});
