/** Operators that move numbers about, and those that change their type. */

import { isFloatType } from '../onnx';
import {
  axisOf,
  broadcast,
  floats,
  isWhole,
  picked,
  places,
  room,
  sizeOf,
  stretched,
  strides,
  whole,
  type Tensor,
} from '../tensor';
import { need, type Attributes, type Inputs, type Operator, type Operators } from './table';

const listOf = (tensor: Tensor | undefined): number[] | undefined => tensor && [...tensor.data];
const shaped = (x: Tensor, dims: readonly number[]): Tensor => ({ dims, data: x.data });

const reshape: Operator = (inputs, given) => {
  const x = need(inputs, 0);
  const wish = listOf(need(inputs, 1))!.map((side, at) =>
    side === 0 && !given.number('allowzero', 0) ? x.dims[at]! : side,
  );
  const rest = wish.reduce((product, side) => (side < 0 ? product : product * side), 1);
  const dims = wish.map((side) => (side < 0 ? x.data.length / rest : side));
  if (sizeOf(dims) !== x.data.length) throw new RangeError(`${x.dims.join(' x ')} is no ${dims.join(' x ')}`);
  return shaped(x, dims);
};

const flatten: Operator = (inputs, given) => {
  const x = need(inputs, 0);
  const axis = axisOf(given.number('axis', 1), x.dims.length);
  return shaped(x, [sizeOf(x.dims.slice(0, axis)), sizeOf(x.dims.slice(axis))]);
};

const transpose: Operator = (inputs, given) => {
  const x = need(inputs, 0);
  const order = given.list('perm') ?? x.dims.map((_, at) => x.dims.length - 1 - at);
  const [own, dims] = [strides(x.dims), order.map((at) => x.dims[at]!)];
  return picked(
    x,
    dims,
    places(
      dims,
      order.map((at) => own[at]!),
    ),
  );
};

const concat: Operator = (inputs, given) => {
  const all = inputs.map((_, at) => need(inputs, at));
  const first = all[0]!;
  const axis = axisOf(given.number('axis', 0), first.dims.length);
  const dims = first.dims.map((side, at) => (at === axis ? all.reduce((sum, each) => sum + each.dims[at]!, 0) : side));
  const data = room(first, sizeOf(dims));
  const run = sizeOf(dims.slice(axis));
  let from = 0;
  for (const each of all) {
    const part = sizeOf(each.dims.slice(axis));
    for (let row = 0; row * part < each.data.length; row++)
      data.set(each.data.subarray(row * part, (row + 1) * part), row * run + from);
    from += part;
  }
  return { dims, data };
};

const slice: Operator = (inputs) => {
  const x = need(inputs, 0);
  const [starts, ends] = [listOf(need(inputs, 1))!, listOf(need(inputs, 2))!];
  const on = (listOf(inputs[3]) ?? starts.map((_, at) => at)).map((axis) => axisOf(axis, x.dims.length));
  const steps = listOf(inputs[4]) ?? starts.map(() => 1);
  const [own, dims] = [strides(x.dims), [...x.dims]];
  const reads = [...own];
  let begin = 0;
  on.forEach((axis, at) => {
    const [side, step] = [x.dims[axis]!, steps[at]!];
    const bound = (place: number, least: number, most: number) =>
      Math.min(most, Math.max(least, place < 0 ? place + side : place));
    const [from, to] =
      step > 0
        ? [bound(starts[at]!, 0, side), bound(ends[at]!, 0, side)]
        : [bound(starts[at]!, 0, side - 1), bound(ends[at]!, -1, side - 1)];
    dims[axis] = Math.max(0, Math.ceil((to - from) / step));
    reads[axis] = own[axis]! * step;
    begin += from * own[axis]!;
  });
  return picked(x, dims, places(dims, reads, begin));
};

const split: Operator = (inputs, given) => {
  const x = need(inputs, 0);
  const axis = axisOf(given.number('axis', 0), x.dims.length);
  const side = Math.ceil(x.dims[axis]! / given.outputs);
  const sizes =
    listOf(inputs[1]) ?? Array.from({ length: given.outputs }, (_, at) => Math.min(side, x.dims[axis]! - at * side));
  let from = 0;
  return sizes.map((size) => {
    const dims = x.dims.map((own, at) => (at === axis ? size : own));
    const part = picked(x, dims, places(dims, strides(x.dims), from * strides(x.dims)[axis]!));
    from += size;
    return part;
  });
};

const gather: Operator = (inputs, given) => {
  const [x, index] = [need(inputs, 0), need(inputs, 1)];
  const axis = axisOf(given.number('axis', 0), x.dims.length);
  const [run, side] = [sizeOf(x.dims.slice(axis + 1)), x.dims[axis]!];
  const data = room(x, (x.data.length / side) * index.data.length);
  let write = 0;
  for (let row = 0; row < x.data.length; row += side * run) {
    for (const wish of index.data) {
      const at = row + axisOf(wish, side) * run;
      data.set(x.data.subarray(at, at + run), write);
      write += run;
    }
  }
  return { dims: [...x.dims.slice(0, axis), ...index.dims, ...x.dims.slice(axis + 1)], data };
};

const expand: Operator = (inputs) => {
  const x = need(inputs, 0);
  const dims = broadcast(x.dims, listOf(need(inputs, 1))!);
  return picked(x, dims, places(dims, stretched(x.dims, dims)));
};

const unsqueeze: Operator = (inputs) => {
  const [x, wish] = [need(inputs, 0), listOf(need(inputs, 1))!];
  const on = wish.map((axis) => axisOf(axis, x.dims.length + wish.length));
  const rest = [...x.dims];
  return shaped(
    x,
    Array.from({ length: x.dims.length + on.length }, (_, at) => (on.includes(at) ? 1 : rest.shift()!)),
  );
};

const squeeze: Operator = (inputs) => {
  const x = need(inputs, 0);
  const on = listOf(inputs[1])?.map((axis) => axisOf(axis, x.dims.length));
  return shaped(
    x,
    x.dims.filter((side, at) => (on ? !on.includes(at) : side !== 1)),
  );
};

/** Each number of the result is one of x, or the filling where none is: `outside` says which along a side. */
const pad: Operator = (inputs, given) => {
  const [x, sizes] = [need(inputs, 0), listOf(need(inputs, 1))!];
  const mode = given.word('mode', 'constant');
  const on = (listOf(inputs[3]) ?? x.dims.map((_, at) => at)).map((axis) => axisOf(axis, x.dims.length));
  const own = strides(x.dims);
  const reads = x.dims.map((side, axis) => {
    const at = on.indexOf(axis);
    const [before, after] = at < 0 ? [0, 0] : [sizes[at]!, sizes[at + on.length]!];
    return Array.from({ length: before + side + after }, (_, place) => standing(place - before, side, mode));
  });
  const dims = reads.map((each) => each.length);
  const data = room(x, sizeOf(dims)).fill(inputs[2]?.data[0] ?? 0);
  const index = dims.map(() => 0);
  for (let at = 0; at < data.length; at++) {
    let from = 0;
    for (let axis = 0; axis < dims.length && from >= 0; axis++) {
      const place = reads[axis]![index[axis]!]!;
      from = place < 0 ? -1 : from + place * own[axis]!;
    }
    if (from >= 0) data[at] = x.data[from]!;
    for (let axis = dims.length - 1; axis >= 0 && ++index[axis]! === dims[axis]; axis--) index[axis] = 0;
  }
  return { dims, data };
};

function standing(at: number, side: number, mode: string): number {
  if (at >= 0 && at < side) return at;
  if (mode === 'edge') return at < 0 ? 0 : side - 1;
  if (mode === 'wrap') return ((at % side) + side) % side;
  return mode === 'reflect' ? (at < 0 ? -at : 2 * (side - 1) - at) : -1;
}

const NEAREST: Record<string, (place: number) => number> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round_prefer_floor: (place) => Math.ceil(place - 0.5),
  round_prefer_ceil: (place) => Math.floor(place + 0.5),
};
const COORDINATES: Record<string, (place: number, scale: number, size: number, out: number) => number> = {
  asymmetric: (place, scale) => place / scale,
  half_pixel: (place, scale) => (place + 0.5) / scale - 0.5,
  pytorch_half_pixel: (place, scale, _, out) => (out > 1 ? (place + 0.5) / scale - 0.5 : 0),
  align_corners: (place, _, size, out) => (out > 1 ? (place * (size - 1)) / (out - 1) : 0),
};

const resize: Operator = (inputs, given) => {
  const x = need(inputs, 0);
  const mode = given.word('mode', 'nearest');
  const where = COORDINATES[given.word('coordinate_transformation_mode', 'half_pixel')];
  const near = NEAREST[given.word('nearest_mode', 'round_prefer_floor')];
  if (mode !== 'nearest' || !where || !near) throw new RangeError(`resizing of this kind (${mode}) is not known here`);
  const [scales, sizes] = [listOf(inputs[2]), listOf(inputs[3])];
  const on = given.list('axes')?.map((axis) => axisOf(axis, x.dims.length)) ?? x.dims.map((_, at) => at);
  const [own, dims] = [strides(x.dims), [...x.dims]];
  const reads = x.dims.map((side, axis) => {
    const at = on.indexOf(axis);
    const size = at < 0 ? side : sizes?.length ? sizes[at]! : Math.floor(side * scales![at]!);
    const scale = at < 0 || sizes?.length ? size / side : scales![at]!;
    dims[axis] = size;
    return Int32Array.from(
      { length: size },
      (_, place) => own[axis]! * Math.min(side - 1, Math.max(0, near(where(place, scale, side, size)))),
    );
  });
  let from = new Int32Array(1);
  for (const read of reads) {
    const next = new Int32Array(from.length * read.length);
    from.forEach((start, row) => read.forEach((step, at) => (next[row * read.length + at] = start + step)));
    from = next;
  }
  return picked(x, dims, from);
};

const cast: Operator = (inputs, given) => {
  const x = need(inputs, 0);
  const to = given.number('to', 1);
  if (isFloatType(to)) return isWhole(x) ? { dims: x.dims, data: Float32Array.from(x.data) } : x;
  return whole(Float64Array.from(x.data, to === 9 ? (value) => (value ? 1 : 0) : Math.trunc), x.dims);
};

const constant: Operator = (_, given) =>
  given.tensor('value') ??
  (given.list('value_ints') ? whole(given.list('value_ints')!) : undefined) ??
  (given.list('value_floats')
    ? floats([given.list('value_floats')!.length], Float32Array.from(given.list('value_floats')!))
    : undefined) ??
  (Number.isNaN(given.number('value_float', NaN))
    ? whole([given.number('value_int', 0)], [])
    : floats([], Float32Array.of(given.number('value_float', 0))));

const constantOfShape: Operator = (inputs, given) => {
  const [dims, value] = [listOf(need(inputs, 0))!, given.tensor('value') ?? floats([1])];
  return { dims, data: room(value, sizeOf(dims)).fill(value.data[0]!) };
};

const shape: Operator = ([x], given) => {
  const dims = x!.dims;
  return whole(dims.slice(given.number('start', 0), given.number('end', dims.length)));
};

const range: Operator = (inputs) => {
  const [from, to, step] = [0, 1, 2].map((at) => need(inputs, at).data[0]!);
  return whole(Array.from({ length: Math.max(0, Math.ceil((to! - from!) / step!)) }, (_, at) => from! + at * step!));
};

/** (x - zero point) * scale, the last two of one number or one for each place along an axis. */
const dequantize: Operator = (inputs, given) => {
  const [x, scale, zero] = [need(inputs, 0), need(inputs, 1), inputs[2]];
  const step = sizeOf(x.dims.slice(axisOf(given.number('axis', 1), x.dims.length) + 1));
  const out = new Float32Array(x.data.length);
  for (let at = 0; at < out.length; at++) {
    const place = scale.data.length > 1 ? Math.floor(at / step) % scale.data.length : 0;
    out[at] = (x.data[at]! - (zero?.data[place] ?? 0)) * scale.data[place]!;
  }
  return floats(x.dims, out);
};

/** Running statistics as one factor and one offset a channel. */
const batchNorm: Operator = (inputs, given) => {
  const [x, gain, offset, mean, variance] = [0, 1, 2, 3, 4].map((at) => need(inputs, at)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const [channels, area, out] = [x.dims[1]!, sizeOf(x.dims.slice(2)), new Float32Array(x.data.length)];
  const epsilon = given.number('epsilon', 1e-5);
  for (let at = 0; at < out.length; at++) {
    const channel = Math.floor(at / area) % channels;
    const factor = gain.data[channel]! / Math.sqrt(variance.data[channel]! + epsilon);
    out[at] = (x.data[at]! - mean.data[channel]!) * factor + offset.data[channel]!;
  }
  return floats(x.dims, out);
};

const same: Operator = ([x]: Inputs, _: Attributes) => x!;

export const SHAPES: Operators = {
  BatchNormalization: batchNorm,
  Cast: cast,
  CastLike: (inputs) =>
    isWhole(need(inputs, 1))
      ? whole(Float64Array.from(need(inputs, 0).data, Math.trunc), need(inputs, 0).dims)
      : { dims: need(inputs, 0).dims, data: Float32Array.from(need(inputs, 0).data) },
  Concat: concat,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  DequantizeLinear: dequantize,
  Dropout: same,
  Expand: expand,
  Flatten: flatten,
  Gather: gather,
  Identity: same,
  Pad: pad,
  Range: range,
  Reshape: reshape,
  Resize: resize,
  Shape: shape,
  Slice: slice,
  Split: split,
  Squeeze: squeeze,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
