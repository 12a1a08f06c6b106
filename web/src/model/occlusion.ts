/** What an answer hangs on, found by hiding: the same as nonesuch/lens/saliency.py's occlusion. */

import { floats, type Tensor } from './tensor';

const GREY = 0;
const BATCH = 32;

/**
 * How much of a logit is lost where a grey square hides a picture (1, C, H, W): a number a pixel, the mean over the
 * squares that hide it, nothing below 0. Squares have a quarter of the shorter side, steps half of that.
 */
export async function occluded(
  picture: Tensor,
  logit: (images: Tensor) => Promise<Float32Array>,
): Promise<Float32Array> {
  const [, channels, height, width] = picture.dims as [number, number, number, number];
  const side = Math.max(1, Math.round(Math.min(height, width) / 4));
  const step = Math.max(1, Math.round(side / 2));
  const squares = starts(height, side, step).flatMap((top) =>
    starts(width, side, step).map((left) => [top, left] as const),
  );
  const whole = (await logit(picture))[0]!;
  const [lost, hidden] = [new Float32Array(height * width), new Float32Array(height * width)];
  for (let from = 0; from < squares.length; from += BATCH) {
    const part = squares.slice(from, from + BATCH);
    const images = floats([part.length, channels, height, width]);
    part.forEach(([top, left], at) => {
      const start = at * picture.data.length;
      images.data.set(picture.data, start);
      for (let channel = 0; channel < channels; channel++)
        for (let y = top; y < top + side; y++) {
          const row = start + (channel * height + y) * width + left;
          images.data.fill(GREY, row, row + side);
        }
    });
    const found = await logit(images);
    part.forEach(([top, left], at) => {
      for (let y = top; y < top + side; y++)
        for (let x = left; x < left + side; x++) {
          lost[y * width + x]! += whole - found[at]!;
          hidden[y * width + x]!++;
        }
    });
  }
  return lost.map((value, at) => Math.max(0, value / Math.max(1, hidden[at]!)));
}

/** Where squares begin along a side; the last is moved in, so that it reaches the edge. */
function starts(length: number, side: number, step: number): number[] {
  const found = [];
  for (let at = 0; at <= length - side; at += step) found.push(at);
  if (found.at(-1) !== length - side) found.push(length - side);
  return found;
}
