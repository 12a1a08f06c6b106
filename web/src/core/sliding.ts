/** Sliding a kernel over pictures quickly: the twin of nonesuch/lens/sliding.py, held to the same bytes by a golden file.
 *
 * A picture is copied once into planes with an edge around them, as 32-bit floats; then each row of the result is a
 * sum of rows of the planes, one tap row of the kernel at a time with its weights in local variables. A kernel that is
 * a column times a row takes 2k products a number instead of k * k. Memory is kept from picture to picture: for a
 * camera, making it anew would cost as much as the sums.
 */

import { type Edge, type Kernel, type Planes, places, separated, standing } from './kernels';

/** From this side on the two passes of a separable kernel are quicker than one. */
const SEPARABLE_FROM = 5;

/** Bytes of pixels that lie side by side, as a canvas gives them. */
export interface Bytes {
  readonly height: number;
  readonly width: number;
  /** Numbers from a pixel to the next one: 4 on a canvas. */
  readonly step: number;
  readonly values: Uint8ClampedArray | Uint8Array;
  /** Nothing is see-through, as in a camera's picture: saves looking. */
  readonly opaque?: boolean;
}

type Row = (
  sums: Float32Array,
  from: Float32Array,
  at: number,
  weights: Float32Array,
  first: number,
  stride: number,
) => void;

export interface Slider {
  /** Over floats: the same as `apply` in Python. */
  planes(kernel: Kernel, picture: Planes): Planes;
  /** Over the first `channels` bytes of each pixel, into RGBA: rounded to the nearest, halves to the even, cut to 0 to 255. */
  canvas(
    kernel: Kernel,
    picture: Bytes,
    channels: 1 | 3,
    rows?: readonly [number, number],
  ): Uint8ClampedArray<ArrayBuffer>;
}

export function slider(): Slider {
  let padded = new Float32Array(0);
  let between = new Float32Array(0);
  let sums = new Float32Array(0);

  const room = (memory: Float32Array<ArrayBuffer>, size: number) =>
    memory.length < size ? new Float32Array(size) : memory;

  /** Sums of rows `first` to `last` of the result, before scale and offset: `put` gets each, and must use it at once. */
  function slide(
    kernel: Kernel,
    plane: (channel: number) => number,
    width: number,
    first: number,
    last: number,
    put: (row: number, sums: Float32Array) => void,
    channel: number,
  ): void {
    const { side, stride } = kernel;
    const wide = width + side - 1;
    const across = places(width, stride);
    sums = room(sums, across);
    const parts = side >= SEPARABLE_FROM ? separated(kernel) : null;
    const taps = tapsOf(side);
    if (parts !== null) {
      const [row, column] = [Float32Array.from(parts.row), Float32Array.from(parts.column)];
      const high = (last - first - 1) * stride + side;
      between = room(between, high * across);
      for (let at = 0; at < high; at++) {
        const line = between.subarray(at * across, (at + 1) * across);
        line.fill(0);
        taps(line, padded, plane(channel) + (first * stride + at) * wide, row, 0, stride);
      }
      for (let at = first; at < last; at++) {
        down(sums, between, (at - first) * stride * across, column, across);
        put(at, sums);
      }
      return;
    }
    const weights = Float32Array.from(kernel.weights);
    const spanned = kernel.across || 1;
    const line = sums.subarray(0, across);
    if (side === 3 && stride === 1 && spanned === 1) {
      for (let at = first; at < last; at++) {
        nine(line, padded, plane(channel) + at * wide, wide, weights);
        put(at, line);
      }
      return;
    }
    for (let at = first; at < last; at++) {
      line.fill(0);
      for (let block = 0; block < spanned; block++) {
        const begin = plane(kernel.across ? block : channel) + at * stride * wide;
        for (let tap = 0; tap < side; tap++) {
          const from = (block * side + tap) * side;
          if (isEmpty(weights, from, side)) continue;
          taps(line, padded, begin + tap * wide, weights, from, stride);
        }
      }
      put(at, line);
    }
  }

  return {
    planes(kernel, { channels, height, width, values }) {
      const { side, stride, scale, offset } = kernel;
      const reach = side >> 1;
      const size = (height + side - 1) * (width + side - 1);
      padded = room(padded, size * channels);
      for (let channel = 0; channel < channels; channel++) {
        pad(padded, channel * size, values, channel * height * width, 1, height, width, reach, kernel.edge, 0, height);
      }
      const [high, wide] = [places(height, stride), places(width, stride)];
      const made = kernel.across ? 1 : channels;
      const drawn = new Float32Array(made * high * wide);
      for (let channel = 0; channel < made; channel++) {
        const put = (row: number, found: Float32Array) => {
          const target = (channel * high + row) * wide;
          for (let x = 0; x < wide; x++) drawn[target + x] = Math.fround((found[x] as number) / scale) + offset;
        };
        slide(kernel, (plane) => plane * size, width, 0, high, put, channel);
      }
      return { channels: made, height: high, width: wide, values: drawn };
    },

    canvas(kernel, picture, channels, rows) {
      const { side, stride, scale, offset } = kernel;
      const { height, width, step, values } = picture;
      const reach = side >> 1;
      const size = (height + side - 1) * (width + side - 1);
      const [high, wide] = [places(height, stride), places(width, stride)];
      const [first, last] = rows ?? [0, high];
      padded = room(padded, size * channels);
      for (let channel = 0; channel < channels; channel++) {
        pad(
          padded,
          channel * size,
          values,
          channel,
          step,
          height,
          width,
          reach,
          kernel.edge,
          first * stride,
          (last - 1) * stride + 1,
        );
      }
      const drawn = new Uint8ClampedArray((last - first) * wide * 4);
      new Uint32Array(drawn.buffer).fill(0xff000000);
      const made = kernel.across ? 1 : channels;
      const plain = scale === 1 && offset === 0;
      for (let channel = 0; channel < made; channel++) {
        const put = (row: number, found: Float32Array) => {
          let target = (row - first) * wide * 4 + channel;
          // A clamped array rounds as Python does: to the nearest, halves to the even.
          if (plain) for (let x = 0; x < wide; x++, target += 4) drawn[target] = found[x] as number;
          else
            for (let x = 0; x < wide; x++, target += 4)
              drawn[target] = Math.fround(Math.fround((found[x] as number) / scale) + offset);
        };
        slide(kernel, (plane) => plane * size, width, first, last, put, channel);
      }
      finish(drawn, made === 1, picture, first, stride, wide);
      return drawn;
    },
  };
}

/** Grey into all three colours, and each place as see-through as the pixel it stands for. */
function finish(
  drawn: Uint8ClampedArray,
  grey: boolean,
  picture: Bytes,
  first: number,
  stride: number,
  wide: number,
): void {
  const pixels = drawn.length >> 2;
  if (grey) {
    for (let pixel = 0; pixel < pixels; pixel++) drawn[pixel * 4 + 1] = drawn[pixel * 4 + 2] = drawn[pixel * 4]!;
  }
  if (picture.step !== 4 || picture.opaque) return;
  for (let row = 0, pixel = 0; pixel < pixels; row++) {
    const source = (first + row) * stride * picture.width;
    for (let x = 0; x < wide; x++, pixel++) drawn[pixel * 4 + 3] = picture.values[(source + x * stride) * 4 + 3]!;
  }
}

function isEmpty(weights: Float32Array, from: number, side: number): boolean {
  for (let at = from; at < from + side; at++) if (weights[at] !== 0) return false;
  return true;
}

/** One plane with `reach` pixels more on every side, into `padded` from `target` on; rows `low` to `high` and around. */
function pad(
  padded: Float32Array,
  target: number,
  values: ArrayLike<number>,
  from: number,
  step: number,
  height: number,
  width: number,
  reach: number,
  edge: Edge,
  low: number,
  high: number,
): void {
  const wide = width + 2 * reach;
  for (let y = low - reach; y < high + reach; y++) {
    const line = target + (y + reach) * wide;
    const row = standing(y, height, edge);
    if (row < 0) {
      padded.fill(0, line, line + wide);
      continue;
    }
    let source = from + row * width * step;
    for (let x = 0; x < width; x++, source += step) padded[line + reach + x] = values[source] as number;
    for (let x = 1; x <= reach; x++) {
      const [left, right] = [standing(-x, width, edge), standing(width - 1 + x, width, edge)];
      padded[line + reach - x] = left < 0 ? 0 : (values[from + (row * width + left) * step] as number);
      padded[line + reach + width - 1 + x] = right < 0 ? 0 : (values[from + (row * width + right) * step] as number);
    }
  }
}

/** The commonest kernel in one pass: each number is read once a row of the kernel, not three times. */
function nine(sums: Float32Array, from: Float32Array, at: number, wide: number, weights: Float32Array): void {
  const [a, b, c] = [weights[0]!, weights[1]!, weights[2]!];
  const [d, e, f] = [weights[3]!, weights[4]!, weights[5]!];
  const [g, h, i] = [weights[6]!, weights[7]!, weights[8]!];
  const [second, third] = [at + wide, at + 2 * wide];
  let [left0, middle0] = [from[at]!, from[at + 1]!];
  let [left1, middle1] = [from[second]!, from[second + 1]!];
  let [left2, middle2] = [from[third]!, from[third + 1]!];
  for (let x = 0; x < sums.length; x++) {
    const [right0, right1, right2] = [from[at + x + 2]!, from[second + x + 2]!, from[third + x + 2]!];
    const above = a * left0 + b * middle0 + c * right0;
    sums[x] = above + d * left1 + e * middle1 + f * right1 + g * left2 + h * middle2 + i * right2;
    left0 = middle0;
    middle0 = right0;
    left1 = middle1;
    middle1 = right1;
    left2 = middle2;
    middle2 = right2;
  }
}

const tapsOf = (side: number): Row => (side === 3 ? three : side === 5 ? five : side === 7 ? seven : any(side));

const three: Row = (sums, from, at, weights, first, stride) => {
  const [a, b, c] = [weights[first]!, weights[first + 1]!, weights[first + 2]!];
  for (let x = 0; x < sums.length; x++, at += stride) {
    sums[x]! += a * from[at]! + b * from[at + 1]! + c * from[at + 2]!;
  }
};

const five: Row = (sums, from, at, weights, first, stride) => {
  const [a, b, c] = [weights[first]!, weights[first + 1]!, weights[first + 2]!];
  const [d, e] = [weights[first + 3]!, weights[first + 4]!];
  for (let x = 0; x < sums.length; x++, at += stride) {
    sums[x]! += a * from[at]! + b * from[at + 1]! + c * from[at + 2]! + d * from[at + 3]! + e * from[at + 4]!;
  }
};

const seven: Row = (sums, from, at, weights, first, stride) => {
  const [a, b, c] = [weights[first]!, weights[first + 1]!, weights[first + 2]!];
  const [d, e, f, g] = [weights[first + 3]!, weights[first + 4]!, weights[first + 5]!, weights[first + 6]!];
  for (let x = 0; x < sums.length; x++, at += stride) {
    const left = a * from[at]! + b * from[at + 1]! + c * from[at + 2]! + d * from[at + 3]!;
    sums[x]! += left + e * from[at + 4]! + f * from[at + 5]! + g * from[at + 6]!;
  }
};

const any =
  (side: number): Row =>
  (sums, from, at, weights, first, stride) => {
    for (let x = 0; x < sums.length; x++, at += stride) {
      let sum = sums[x]!;
      for (let tap = 0; tap < side; tap++) sum += weights[first + tap]! * from[at + tap]!;
      sums[x] = sum;
    }
  };

/** Sums down a column: rows of `between` begin `wide` numbers apart. */
function down(sums: Float32Array, between: Float32Array, at: number, column: Float32Array, wide: number): void {
  // A row at a time: numbers that lie side by side are read side by side.
  const first = column[0]!;
  for (let x = 0; x < wide; x++) sums[x] = first * between[at + x]!;
  for (let tap = 1; tap < column.length; tap += 2) {
    const [one, other] = [column[tap]!, column[tap + 1]!];
    const [above, below] = [at + tap * wide, at + (tap + 1) * wide];
    for (let x = 0; x < wide; x++) sums[x]! += one * between[above + x]! + other * between[below + x]!;
  }
}
