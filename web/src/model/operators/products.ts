/** Sums of products: convolutions in both directions, and dense layers. All go through one matrix product. */

import {
  broadcast,
  floats,
  isKept,
  keep,
  picked,
  places,
  remembered,
  sizeOf,
  stretched,
  type Numbers,
  type Tensor,
} from '../tensor';
import { axes, type Axis } from './windows';
import { need, type Attributes, type Inputs, type Operators } from './table';

/** Weights in double precision: JavaScript computes in it anyway, and converting them each time costs more. */
const doubles = remembered(
  (values: Numbers) => values,
  (values) => Float64Array.from(values),
);

let count = 0;

/** How many products have been taken since the page began. */
export const multiplied = (): number => count;

/**
 * out[m, p] = start[m] + sum over k of a[m, k] b[p, k]; a (M, K) and b (P, K) begin where they are told to.
 *
 * Two rows of b and four of a at a time: eight sums stay in registers, and each number that is read serves several.
 */
export function multiply(
  a: Float64Array,
  aFrom: number,
  b: Float64Array,
  rows: number,
  columns: number,
  depth: number,
  out: Float32Array,
  outFrom: number,
  start?: Numbers,
  startFrom = 0,
): void {
  count += rows * columns * depth;
  // prettier-ignore
  for (let m = 0; m < rows; m += 4) {
    // Rows beyond the last are the last once more, and are not written.
    const a0 = aFrom + m * depth;
    const a1 = m + 1 < rows ? a0 + depth : a0;
    const a2 = m + 2 < rows ? a0 + 2 * depth : a0;
    const a3 = m + 3 < rows ? a0 + 3 * depth : a0;
    const [s0, s1, s2, s3] = [0, 1, 2, 3].map((row) => (start && m + row < rows ? start[startFrom + m + row]! : 0));
    for (let p = 0; p < columns; p += 2) {
      const b0 = p * depth;
      const b1 = p + 1 < columns ? b0 + depth : b0;
      let c00 = s0!, c10 = s1!, c20 = s2!, c30 = s3!;
      let c01 = s0!, c11 = s1!, c21 = s2!, c31 = s3!;
      for (let k = 0; k < depth; k++) {
        const x = b[b0 + k]!, y = b[b1 + k]!;
        const w0 = a[a0 + k]!, w1 = a[a1 + k]!, w2 = a[a2 + k]!, w3 = a[a3 + k]!;
        c00 += w0 * x; c10 += w1 * x; c20 += w2 * x; c30 += w3 * x;
        c01 += w0 * y; c11 += w1 * y; c21 += w2 * y; c31 += w3 * y;
      }
      const at = outFrom + m * columns + p;
      const two = p + 1 < columns;
      out[at] = c00; if (two) out[at + 1] = c01;
      if (m + 1 < rows) { out[at + columns] = c10; if (two) out[at + columns + 1] = c11; }
      if (m + 2 < rows) { out[at + 2 * columns] = c20; if (two) out[at + 2 * columns + 1] = c21; }
      if (m + 3 < rows) { out[at + 3 * columns] = c30; if (two) out[at + 3 * columns + 1] = c31; }
    }
  }
}

/** (N, C, ...) with any number of sides as one with two. */
function flat(x: Tensor, weight: Tensor, given: Attributes): { sides: number[]; kernel: number[] } {
  const [sides, kernel] = [x.dims.slice(2), weight.dims.slice(2)];
  if (sides.length > 2) throw new RangeError('convolutions are of one or two dimensions');
  return { sides: [...sides], kernel: [...(given.list('kernel_shape') ?? kernel)] };
}

let spare = new Float64Array();

/** Zeros that are used before they are asked for again: fresh memory costs as much as what is computed in it. */
function scratch(size: number): Float64Array {
  if (spare.length < size) return (spare = new Float64Array(size));
  return spare.subarray(0, size).fill(0);
}

/** What each window of a convolution sees, one row a window: (places, channels * kernel). */
function unrolled(x: Numbers, from: number, channels: number, [down, across]: readonly [Axis, Axis]): Float64Array {
  const depth = channels * down.kernel * across.kernel;
  const rows = scratch(down.out * across.out * depth);
  const area = down.size * across.size;
  for (let y = 0; y < down.out; y++) {
    for (let ky = 0; ky < down.kernel; ky++) {
      const sy = y * down.stride - down.before + ky * down.dilation;
      if (sy < 0 || sy >= down.size) continue;
      for (let x0 = 0; x0 < across.out; x0++) {
        const row = (y * across.out + x0) * depth + ky * across.kernel;
        for (let kx = 0; kx < across.kernel; kx++) {
          const sx = x0 * across.stride - across.before + kx * across.dilation;
          if (sx < 0 || sx >= across.size) continue;
          let read = from + sy * across.size + sx;
          let write = row + kx;
          for (let channel = 0; channel < channels; channel++) {
            rows[write] = x[read]!;
            read += area;
            write += down.kernel * across.kernel;
          }
        }
      }
    }
  }
  return rows;
}

/** x (N, C, H, W) and weights (M, C / groups, kH, kW) to (N, M, outH, outW). */
function conv(inputs: Inputs, given: Attributes): Tensor {
  const [x, weight, bias] = [need(inputs, 0), need(inputs, 1), inputs[2]];
  const { sides, kernel } = flat(x, weight, given);
  const [down, across] = axes(sides, kernel, given);
  const groups = given.number('group', 1);
  const [count, channels, maps] = [x.dims[0]!, x.dims[1]! / groups, weight.dims[0]! / groups];
  if (channels !== weight.dims[1]) throw new RangeError(`${x.dims[1]} channels for weights ${weight.dims.join(' x ')}`);
  const [area, spots] = [down.size * across.size, down.out * across.out];
  const depth = channels * down.kernel * across.kernel;
  const out = new Float32Array(count * groups * maps * spots);
  const weights = doubles(weight.data);
  for (let each = 0; each < count * groups; each++) {
    const group = each % groups;
    const rows = unrolled(x.data, each * channels * area, channels, [down, across]);
    multiply(
      weights,
      group * maps * depth,
      rows,
      maps,
      spots,
      depth,
      out,
      each * maps * spots,
      bias?.data,
      group * maps,
    );
  }
  return floats([count, groups * maps, ...(sides.length === 1 ? [across.out] : [down.out, across.out])], out);
}

/** The other way: x (N, C, H, W) and weights (C, M / groups, kH, kW); each number of x lays a kernel into the result. */
function convTranspose(inputs: Inputs, given: Attributes): Tensor {
  const [x, weight, bias] = [need(inputs, 0), need(inputs, 1), inputs[2]];
  const { sides, kernel } = flat(x, weight, given);
  const [down, across] = axes(sides, kernel, given, true);
  const groups = given.number('group', 1);
  const [count, channels, maps] = [x.dims[0]!, x.dims[1]! / groups, weight.dims[1]!];
  const [area, spots] = [down.size * across.size, down.out * across.out];
  const taps = maps * down.kernel * across.kernel;
  const turned = transposed({ weight, groups });
  const out = new Float32Array(count * groups * maps * spots);
  const laid = new Float32Array(taps * area);
  for (let each = 0; each < count * groups; each++) {
    const group = each % groups;
    const rows = unrolled(x.data, each * channels * area, channels, [single(down), single(across)]);
    multiply(turned, group * taps * channels, rows, taps, area, channels, laid, 0);
    const from = each * maps * spots;
    if (bias)
      for (let map = 0; map < maps; map++)
        out.fill(bias.data[group * maps + map]!, from + map * spots, from + (map + 1) * spots);
    scatter(laid, out, from, maps, down, across);
  }
  return floats([count, groups * maps, ...(sides.length === 1 ? [across.out] : [down.out, across.out])], out);
}

/** A window of one number: every place by itself. */
const single = (axis: Axis): Axis => ({ ...axis, kernel: 1, stride: 1, dilation: 1, before: 0, out: axis.size });

/** Weights (C, M, ...) of each group as (M * kernel, C), in double precision. */
const transposed = remembered(
  ({ weight }: { weight: Tensor; groups: number }) => weight.data,
  ({ weight, groups }) => {
    const [channels, taps] = [weight.dims[0]! / groups, sizeOf(weight.dims.slice(1))];
    const order = places([groups, taps, channels], [channels * taps, 1, taps]);
    return Float64Array.from(order, (place) => weight.data[place]!);
  },
);

function scatter(laid: Float32Array, out: Float32Array, from: number, maps: number, down: Axis, across: Axis): void {
  let read = 0;
  for (let map = 0; map < maps; map++) {
    for (let ky = 0; ky < down.kernel; ky++) {
      for (let kx = 0; kx < across.kernel; kx++) {
        for (let y = 0; y < down.size; y++) {
          const sy = y * down.stride - down.before + ky * down.dilation;
          if (sy < 0 || sy >= down.out) {
            read += across.size;
            continue;
          }
          const row = from + (map * down.out + sy) * across.out;
          for (let x = 0; x < across.size; x++, read++) {
            const sx = x * across.stride - across.before + kx * across.dilation;
            if (sx >= 0 && sx < across.out) out[row + sx]! += laid[read]!;
          }
        }
      }
    }
  }
}

/** alpha A B + beta C, both factors turned over on wish. */
function gemm(inputs: Inputs, given: Attributes): Tensor {
  const [a, b, c] = [need(inputs, 0), need(inputs, 1), inputs[2]];
  const [alpha, beta] = [given.number('alpha', 1), given.number('beta', 1)];
  const one = given.number('transA', 0) ? flipped(a) : a;
  const { dims, data } = product(one, given.number('transB', 0) ? b : flipped(b));
  if (alpha === 1 && !c) return floats(dims, data);
  const added = c && places(dims, stretched(c.dims, dims));
  for (let at = 0; at < data.length; at++) data[at] = alpha * data[at]! + (added ? beta * c.data[added[at]!]! : 0);
  return floats(dims, data);
}

/** A matrix with rows and columns exchanged. */
const flipped = remembered(
  (x: Tensor) => x.data,
  (x) => {
    const [rows, columns] = [x.dims[0]!, x.dims[1]!];
    const found = picked(x, [columns, rows], places([columns, rows], [1, columns]));
    if (isKept(x)) keep(found);
    return found;
  },
);

/** A (M, K) and B (N, K) to A B^T (M, N). */
function product(a: Tensor, b: Tensor): { dims: number[]; data: Float32Array } {
  const [rows, depth, columns] = [a.dims[0]!, a.dims[1]!, b.dims[0]!];
  if (depth !== b.dims[1]) throw new RangeError(`matrices ${a.dims.join(' x ')} and ${b.dims.join(' x ')} do not fit`);
  const data = new Float32Array(rows * columns);
  multiply(doubles(a.data), 0, doubles(b.data), rows, columns, depth, data, 0);
  return { dims: [rows, columns], data };
}

/** numpy's matmul: stacks of matrices, stretched to each other. */
function matmul(inputs: Inputs): Tensor {
  const [a, b] = [need(inputs, 0), need(inputs, 1)];
  const [left, right] = [a.dims.length === 1 ? [1, ...a.dims] : a.dims, b.dims.length === 1 ? [...b.dims, 1] : b.dims];
  const [rows, depth, columns] = [left.at(-2)!, left.at(-1)!, right.at(-1)!];
  const stack = broadcast(left.slice(0, -2), right.slice(0, -2));
  const [from, other] = [
    places(stack, stretched(left.slice(0, -2), stack)),
    places(stack, stretched(right.slice(0, -2), stack)),
  ];
  const out = new Float32Array(from.length * rows * columns);
  from.forEach((first, at) => {
    const second = other[at]! * depth * columns;
    const one = floats(
      [rows, depth],
      a.data.subarray(first * rows * depth, (first + 1) * rows * depth) as Float32Array,
    );
    const two =
      from.length === 1
        ? { dims: [depth, columns], data: b.data }
        : floats([depth, columns], b.data.subarray(second, second + depth * columns) as Float32Array);
    out.set(product(one, flipped(two)).data, at * rows * columns);
  });
  const dims = [...stack, ...(a.dims.length === 1 ? [] : [rows]), ...(b.dims.length === 1 ? [] : [columns])];
  return floats(dims, out);
}

export const PRODUCTS: Operators = { Conv: conv, ConvTranspose: convTranspose, Gemm: gemm, MatMul: matmul };
