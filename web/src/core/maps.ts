/** Pictures as planes and planes as pixels: what a chain's numbers look like, the same as evaluation/kernel_sheets.py. */

import type { Planes } from './kernels';

/** RGBA pixels, as a canvas has them. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly values: Uint8ClampedArray<ArrayBuffer>;
}

/** The first `channels` bytes of each pixel as planes: value / divisor + added. */
export function planesOf({ width, height, values }: Pixels, channels: number, divisor = 1, added = 0): Planes {
  const area = width * height;
  const found = new Float32Array(area * channels);
  for (let channel = 0; channel < channels; channel++) {
    for (let at = 0; at < area; at++)
      found[channel * area + at] = (values[at * 4 + channel] as number) / divisor + added;
  }
  return { channels, height, width, values: found };
}

/** Colour to grey as Pillow does it: ITU-R BT.601. */
export function greyed({ width, height, values }: Pixels): Pixels {
  const grey = new Uint8ClampedArray(values);
  for (let at = 0; at < grey.length; at += 4) {
    const luma = (values[at]! * 19595 + values[at + 1]! * 38470 + values[at + 2]! * 7471 + 0x8000) >> 16;
    grey[at] = grey[at + 1] = grey[at + 2] = luma;
  }
  return { width, height, values: grey };
}

/** What is black and what is white: as far below 0 as above, or from 0 on where nothing is below it.
 *
 * The farthest half per cent is cut off: a black edge around the picture would leave the rest grey.
 */
export function spanOf(values: Float32Array): readonly [number, number] {
  const every = Math.max(1, Math.floor(values.length / 20_000));
  const sizes = [];
  let least = Infinity;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    if (value < least) least = value;
    if (at % every === 0) sizes.push(Math.abs(value));
  }
  sizes.sort((a, b) => a - b);
  const farthest = sizes[Math.floor(0.995 * (sizes.length - 1))] || 1;
  return least < 0 ? [-farthest, farthest] : [0, Math.max(1, farthest)];
}

/** Maps as pixels: colours where there are three, else the mean as grey. */
export function pixelsOf({ channels, height, width, values }: Planes, [low, high]: readonly [number, number]): Pixels {
  const area = width * height;
  const drawn = new Uint8ClampedArray(area * 4);
  for (let at = 0; at < area; at++) {
    for (let colour = 0; colour < 3; colour++) {
      let value = 0;
      if (channels === 3) value = values[colour * area + at] as number;
      else
        for (let channel = 0; channel < channels; channel++)
          value += (values[channel * area + at] as number) / channels;
      drawn[at * 4 + colour] = ((value - low) / (high - low)) * 255;
    }
    drawn[at * 4 + 3] = 255;
  }
  return { width, height, values: drawn };
}

/** The picture with what the edge rule puts around it, which is shown paler. `zero`: the byte that stands for 0. */
export function framed(
  pixels: Pixels,
  reach: number,
  standing: (at: number, count: number) => number,
  zero = 0,
): Pixels {
  const { width, height, values } = pixels;
  const [wide, high] = [width + 2 * reach, height + 2 * reach];
  const drawn = new Uint8ClampedArray(wide * high * 4);
  for (let y = -reach; y < height + reach; y++) {
    for (let x = -reach; x < width + reach; x++) {
      const target = ((y + reach) * wide + x + reach) * 4;
      const [sx, sy] = [standing(x, width), standing(y, height)];
      const inside = x >= 0 && y >= 0 && x < width && y < height;
      for (let channel = 0; channel < 3; channel++) {
        drawn[target + channel] = sx < 0 || sy < 0 ? zero : (values[(sy * width + sx) * 4 + channel] as number);
      }
      drawn[target + 3] = inside ? (values[(y * width + x) * 4 + 3] as number) : 110;
    }
  }
  return { width: wide, height: high, values: drawn };
}
