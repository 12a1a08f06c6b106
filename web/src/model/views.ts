/** Views of a picture whose answers are averaged: what a classifier was measured by (nonesuch/training/classify.py). */

import type { Manifest } from './manifest';
import { floats, type Tensor } from './tensor';

export interface Views {
  /** (V, C, H, W), the picture itself first. */
  readonly images: Tensor;
  /** Of each view's logits; they sum to 1. */
  readonly weights: readonly number[];
}

/** The picture (1, C, H, W) alone, with its mirror image, or also moved by a pixel to two sides and mirrored there. */
export function viewsOf(picture: Tensor, views: Manifest['views']): Views {
  if (views !== 'mirror' && views !== 'mirror+shift') return { images: picture, weights: [1] };
  const steps = views === 'mirror' ? [0] : [0, -1, 1];
  const [, channels, height, width] = picture.dims as [number, number, number, number];
  const images = floats([2 * steps.length, channels, height, width]);
  let write = 0;
  for (const step of steps)
    for (const mirrored of [false, true])
      for (let channel = 0; channel < channels; channel++)
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) {
            const from = reflected(mirrored ? width - 1 - x + step : x + step, width);
            images.data[write++] = picture.data[(channel * height + reflected(y + step, height)) * width + from]!;
          }
  return { images, weights: views === 'mirror' ? [1 / 2, 1 / 2] : [1 / 4, 1 / 4, 1 / 8, 1 / 8, 1 / 8, 1 / 8] };
}

/** Beyond the edge the picture goes on as in a mirror. */
const reflected = (at: number, side: number): number => (at < 0 ? -at : at >= side ? 2 * (side - 1) - at : at);
