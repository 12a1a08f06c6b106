/** Numbers with a shape, as the graphs take and give them. */

/** float32 are Float32Array; whole numbers of any width and booleans are one of the others. */
export type Numbers = Float32Array | Float64Array | Int8Array | Uint8Array;

export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Numbers;
}

export const sizeOf = (dims: readonly number[]): number => dims.reduce((product, side) => product * side, 1);

export const isWhole = (tensor: Tensor): boolean => !(tensor.data instanceof Float32Array);

/** Room for results of the same type: float32, or whole numbers. */
export const room = (like: Tensor, size: number): Numbers =>
  isWhole(like) ? new Float64Array(size) : new Float32Array(size);

export const floats = (dims: readonly number[], data: Float32Array = new Float32Array(sizeOf(dims))): Tensor => ({
  dims,
  data,
});

export const whole = (values: ArrayLike<number>, dims: readonly number[] = [values.length]): Tensor => ({
  dims,
  data: Float64Array.from(values),
});

/** How far apart neighbours along each dimension are. */
export function strides(dims: readonly number[]): number[] {
  const found = dims.map(() => 1);
  for (let at = dims.length - 2; at >= 0; at--) found[at] = found[at + 1]! * dims[at + 1]!;
  return found;
}

/** A negative axis counts from the end. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** The shape that both take (numpy's rule); throws where there is none. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, at) => {
    const [one, other] = [a[at - rank + a.length] ?? 1, b[at - rank + b.length] ?? 1];
    if (one !== other && one !== 1 && other !== 1)
      throw new RangeError(`shapes ${a.join(' x ')} and ${b.join(' x ')} do not fit together`);
    return one === 1 ? other : one;
  });
}

/** For each place of `dims`, in order, where it reads in a tensor whose steps along them are `steps`. */
export function places(dims: readonly number[], steps: readonly number[], start = 0): Int32Array {
  const found = new Int32Array(sizeOf(dims));
  if (!found.length) return found;
  let filled = 1;
  found[0] = start;
  // Dimension by dimension from the last: what is filled is one slice, repeated and shifted.
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const [count, step] = [dims[axis]!, steps[axis]!];
    for (let turn = 1; turn < count; turn++) {
      for (let at = 0; at < filled; at++) found[turn * filled + at] = found[at]! + turn * step;
    }
    filled *= count;
  }
  return found;
}

/** Steps with which a tensor of `from` is read as one of the larger shape `to`. */
export function stretched(from: readonly number[], to: readonly number[]): number[] {
  const own = strides(from);
  return to.map((_, at) => {
    const place = at - to.length + from.length;
    return place < 0 || from[place] === 1 ? 0 : own[place]!;
  });
}

/** What is read at these places, as a tensor. */
export function picked(tensor: Tensor, dims: readonly number[], from: Int32Array): Tensor {
  const data = room(tensor, from.length);
  for (let at = 0; at < from.length; at++) data[at] = tensor.data[from[at]!]!;
  return { dims, data };
}

const kept = new WeakSet<Numbers>();

/** Says of numbers that they never change, so that what is made of them may be kept beside them. */
export function keep(tensor: Tensor): void {
  kept.add(tensor.data);
}

export const isKept = (tensor: Tensor): boolean => kept.has(tensor.data);

/** A function of numbers that remembers its results, of those that are kept and no others. */
export function remembered<In, Out>(numbersOf: (given: In) => Numbers, make: (given: In) => Out): (given: In) => Out {
  const made = new WeakMap<Numbers, Out>();
  return (given) => {
    const numbers = numbersOf(given);
    const before = made.get(numbers);
    if (before !== undefined) return before;
    const found = make(given);
    if (kept.has(numbers)) made.set(numbers, found);
    return found;
  };
}
