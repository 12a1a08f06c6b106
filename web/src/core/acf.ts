/** The Custom filter of an image editor as a file, the same as nonesuch/lens/acf.py: 25 weights, scale, offset. */

import type { Kernel } from './kernels';

const SIDE = 5;
const BYTES = 54;
const WEIGHT = [-999, 999, 'weights'] as const;
const SCALE = [1, 9999, 'scale'] as const;
const OFFSET = [-9999, 9999, 'offset'] as const;

/** Throws RangeError, in a person's words, when the bytes are no such file. */
export function fromAcf(bytes: ArrayBuffer): Kernel {
  if (bytes.byteLength !== BYTES)
    throw new RangeError(`An .acf file holds ${BYTES} bytes; this one has ${bytes.byteLength}.`);
  const view = new DataView(bytes);
  const numbers = Array.from({ length: BYTES / 2 }, (_, place) => view.getInt16(place * 2));
  const [scale, offset] = [numbers[SIDE * SIDE] as number, numbers[SIDE * SIDE + 1] as number];
  if (scale < SCALE[0])
    throw new RangeError(`An .acf file’s scale is ${SCALE[0]} to ${SCALE[1]}; this one has ${scale}.`);
  return { side: SIDE, across: 0, weights: numbers.slice(0, SIDE * SIDE), scale, offset, stride: 1, edge: 'zero' };
}

/** Throws RangeError, in a person's words, for a kernel that does not fit in. */
export function toAcf(kernel: Kernel): Uint8Array<ArrayBuffer> {
  if (kernel.across || kernel.side > SIDE) {
    throw new RangeError(
      `An .acf file holds one kernel of at most 5×5 for all channels; this one is ${kernel.side}×${kernel.side}${kernel.across ? ' across channels' : ''}.`,
    );
  }
  const around = (SIDE - kernel.side) >> 1;
  const numbers = Array.from({ length: SIDE * SIDE }, (_, place) => {
    const [x, y] = [(place % SIDE) - around, Math.floor(place / SIDE) - around];
    const inside = x >= 0 && y >= 0 && x < kernel.side && y < kernel.side;
    return checked(inside ? (kernel.weights[y * kernel.side + x] as number) : 0, WEIGHT);
  });
  const bytes = new Uint8Array(BYTES);
  const view = new DataView(bytes.buffer);
  [...numbers, checked(kernel.scale, SCALE), checked(kernel.offset, OFFSET)].forEach((value, place) =>
    view.setInt16(place * 2, value),
  );
  return bytes;
}

function checked(value: number, [least, most, what]: readonly [number, number, string]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`An .acf file’s ${what}: whole numbers from ${least} to ${most}; this kernel has ${value}.`);
}
