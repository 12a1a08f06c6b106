/** Windows that slide over maps: where they stand, and pooling. */

import { floats, room, sizeOf, whole, type Tensor } from '../tensor';
import { need, type Attributes, type Inputs, type Operator, type Operators } from './table';

/** How windows stand along one side: `size` numbers in, `out` windows (of a transposed convolution: numbers) out. */
export interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  readonly out: number;
}

const LINE: Axis = { size: 1, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0, out: 1 };

/** Down and across; maps of one dimension are one row. */
export function axes(
  sides: readonly number[],
  kernel: readonly number[],
  given: Attributes,
  transposed = false,
): readonly [Axis, Axis] {
  const found = sides.map((size, at): Axis => {
    const [stride, dilation] = [given.list('strides')?.[at] ?? 1, given.list('dilations')?.[at] ?? 1];
    const reach = (kernel[at]! - 1) * dilation + 1;
    const wanted = given.list('output_shape')?.at(at - sides.length);
    const extra = given.list('output_padding')?.[at] ?? 0;
    const full = transposed ? (size - 1) * stride + extra + reach : 0;
    const [before, after] = padding(given, at, sides.length, { size, stride, reach, full, wanted });
    const steps = (size + before + after - reach) / stride;
    let out = transposed
      ? full - before - after
      : (given.number('ceil_mode', 0) ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // A window that would begin behind the maps and their border is none.
    if (given.number('ceil_mode', 0) && (out - 1) * stride >= size + before) out--;
    return { size, kernel: kernel[at]!, stride, dilation, before, after, out };
  });
  return found.length === 1 ? [LINE, found[0]!] : [found[0]!, found[1]!];
}

interface Needed {
  readonly size: number;
  readonly stride: number;
  readonly reach: number;
  readonly full: number;
  readonly wanted: number | undefined;
}

function padding(given: Attributes, at: number, rank: number, need: Needed): readonly [number, number] {
  const auto = given.word('auto_pad', 'NOTSET');
  const pads = given.list('pads');
  if (auto === 'VALID') return [0, 0];
  if (auto === 'NOTSET' && need.wanted === undefined) return [pads?.[at] ?? 0, pads?.[at + rank] ?? 0];
  const total = Math.max(
    0,
    need.full
      ? need.full - (need.wanted ?? need.size * need.stride)
      : (Math.ceil(need.size / need.stride) - 1) * need.stride + need.reach - need.size,
  );
  const half = Math.floor(total / 2);
  return auto === 'SAME_UPPER' ? [half, total - half] : [total - half, half];
}

/** One number for each window: `join` sees those inside of the maps, `end` also how many there are and would be. */
function pooled(
  x: Tensor,
  [down, across]: readonly [Axis, Axis],
  first: number,
  join: (total: number, value: number) => number,
  end: (total: number, inside: number, padded: number) => number,
): Float32Array {
  const [planes, area] = [x.dims[0]! * x.dims[1]!, down.size * across.size];
  const out = new Float32Array(planes * down.out * across.out);
  let write = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < down.out; y++) {
      for (let x0 = 0; x0 < across.out; x0++) {
        let [total, inside, padded] = [first, 0, 0];
        for (let ky = 0; ky < down.kernel; ky++) {
          const sy = y * down.stride - down.before + ky * down.dilation;
          if (sy >= down.size + down.after) continue;
          for (let kx = 0; kx < across.kernel; kx++) {
            const sx = x0 * across.stride - across.before + kx * across.dilation;
            if (sx < across.size + across.after) padded++;
            if (sy < 0 || sy >= down.size || sx < 0 || sx >= across.size) continue;
            inside++;
            total = join(total, x.data[plane * area + sy * across.size + sx]!);
          }
        }
        out[write++] = end(total, inside, padded);
      }
    }
  }
  return out;
}

function pool(inputs: Inputs, given: Attributes, run: (x: Tensor, at: readonly [Axis, Axis]) => Float32Array): Tensor {
  const x = need(inputs, 0);
  const sides = x.dims.slice(2);
  const found = axes(sides, given.list('kernel_shape') ?? sides, given);
  const out = sides.length === 1 ? [found[1].out] : [found[0].out, found[1].out];
  return floats([x.dims[0]!, x.dims[1]!, ...out], run(x, found));
}

const maxPool: Operator = (inputs, given) =>
  pool(inputs, given, (x, at) => pooled(x, at, -Infinity, Math.max, (total) => total));

const averagePool: Operator = (inputs, given) => {
  const border = given.number('count_include_pad', 0);
  return pool(inputs, given, (x, at) =>
    pooled(
      x,
      at,
      0,
      (total, value) => total + value,
      (total, inside, padded) => total / (border ? padded : inside),
    ),
  );
};

/** Over the given axes, or all; `join` starts from the first number. */
const reduced =
  (join: (total: number, value: number) => number, end = (total: number, _count: number) => total): Operator =>
  (inputs, given) => {
    const x = need(inputs, 0);
    const listed = [...(inputs[1]?.data ?? given.list('axes') ?? [])].map((axis) =>
      axis < 0 ? axis + x.dims.length : axis,
    );
    if (!listed.length && given.number('noop_with_empty_axes', 0)) return x;
    const gone = x.dims.map((_, at) => !listed.length || listed.includes(at));
    return fold(x, gone, Boolean(given.number('keepdims', 1)), join, end);
  };

function fold(
  x: Tensor,
  gone: readonly boolean[],
  keep: boolean,
  join: (total: number, value: number) => number,
  end: (total: number, count: number) => number,
): Tensor {
  const kept = x.dims.map((side, at) => (gone[at] ? 1 : side));
  const totals = new Float64Array(sizeOf(kept));
  const seen = new Int32Array(totals.length);
  const index = x.dims.map(() => 0);
  for (let at = 0; at < x.data.length; at++) {
    let place = 0;
    for (let axis = 0; axis < index.length; axis++) place = place * kept[axis]! + (gone[axis] ? 0 : index[axis]!);
    totals[place] = seen[place]!++ ? join(totals[place]!, x.data[at]!) : x.data[at]!;
    for (let axis = index.length - 1; axis >= 0 && ++index[axis]! === x.dims[axis]; axis--) index[axis] = 0;
  }
  const data = room(x, totals.length);
  for (let at = 0; at < data.length; at++) data[at] = end(totals[at]!, seen[at]!);
  return { dims: keep ? kept : kept.filter((_, at) => !gone[at]), data };
}

const add = (total: number, value: number): number => total + value;
const mean = (total: number, count: number): number => total / count;

const overSides =
  (join: typeof add, end: typeof mean): Operator =>
  ([x]) =>
    fold(
      x!,
      x!.dims.map((_, at) => at > 1),
      true,
      join,
      end,
    );

/** exp(x - max) along one axis, over its sum. */
const softmax =
  (logarithm: boolean): Operator =>
  ([given], attributes) => {
    const x = given!;
    const axis = attributes.number('axis', -1);
    const place = axis < 0 ? axis + x.dims.length : axis;
    const only = x.dims.map((_, at) => at === place);
    const [most, step, count] = [
      fold(x, only, true, Math.max, (total) => total),
      sizeOf(x.dims.slice(place + 1)),
      x.dims[place]!,
    ];
    const data = new Float32Array(x.data.length);
    for (let row = 0; row < most.data.length; row++) {
      const from = Math.floor(row / step) * step * count + (row % step);
      let total = 0;
      for (let at = 0; at < count; at++) total += Math.exp(x.data[from + at * step]! - most.data[row]!);
      for (let at = 0; at < count; at++) {
        const shifted = x.data[from + at * step]! - most.data[row]!;
        data[from + at * step] = logarithm ? shifted - Math.log(total) : Math.exp(shifted) / total;
      }
    }
    return floats(x.dims, data);
  };

const argMax: Operator = ([given], attributes) => {
  const x = given!;
  const axis = attributes.number('axis', 0);
  const place = axis < 0 ? axis + x.dims.length : axis;
  const [step, count] = [sizeOf(x.dims.slice(place + 1)), x.dims[place]!];
  const found = Array.from({ length: x.data.length / count }, (_, row) => {
    const from = Math.floor(row / step) * step * count + (row % step);
    let best = 0;
    for (let at = 1; at < count; at++) if (x.data[from + at * step]! > x.data[from + best * step]!) best = at;
    return best;
  });
  const keep = attributes.number('keepdims', 1);
  return whole(
    found,
    x.dims.flatMap((side, at) => (at !== place ? [side] : keep ? [1] : [])),
  );
};

export const WINDOWS: Operators = {
  ArgMax: argMax,
  AveragePool: averagePool,
  GlobalAveragePool: overSides(add, mean),
  GlobalMaxPool: overSides(Math.max, (total) => total),
  LogSoftmax: softmax(true),
  MaxPool: maxPool,
  ReduceMax: reduced(Math.max),
  ReduceMean: reduced(add, mean),
  ReduceMin: reduced(Math.min),
  ReduceProd: reduced((total, value) => total * value),
  ReduceSum: reduced(add),
  Softmax: softmax(false),
};
