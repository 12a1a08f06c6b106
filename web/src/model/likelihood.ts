/** How probable a picture is, given what a decoder draws, in nats: the same as nonesuch/models/likelihood.py. */

import { normal } from '../core/seeds';
import type { Likelihood } from './manifest';

/** Clamp of the log standard deviation, and half the distance of two grey levels on [-1, 1]. */
const LEAST_LOG_NOISE = -6;
const HALF_LEVEL = 1 / 255;

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** log p of one number x in [-1, 1], where the decoder says d. */
const TERMS: Record<Likelihood['kind'], (x: number, d: number, logNoise: number) => number> = {
  gaussian: (x, d, logNoise) => -0.5 * ((x - d) * Math.exp(-logNoise)) ** 2 - logNoise - 0.5 * Math.log(2 * Math.PI),
  bernoulli: (x, d) => -softplus(-x * d),
  logistic: (x, d, logNoise) => {
    const sharpness = Math.exp(-logNoise);
    const [above, below] = [(x - d + HALF_LEVEL) * sharpness, (x - d - HALF_LEVEL) * sharpness];
    if (x <= -(1 - HALF_LEVEL)) return -softplus(-above);
    if (x >= 1 - HALF_LEVEL) return -softplus(below);
    // sigmoid(above) - sigmoid(below) without cancelling
    return -softplus(-above) - softplus(below) + Math.log(-Math.expm1(below - above));
  },
};

/** log p(x|z) of a picture under what was decoded from z, over all its numbers. */
export function logLikelihood(
  { kind, log_noise }: Likelihood,
  picture: ArrayLike<number>,
  decoded: ArrayLike<number>,
): number {
  const [term, noise] = [TERMS[kind], Math.max(LEAST_LOG_NOISE, log_noise)];
  let total = 0;
  for (let at = 0; at < picture.length; at++) total += term(picture[at]!, decoded[at]!, noise);
  return total;
}

export interface Draw {
  readonly z: Float32Array;
  /** log p(z) - log q(z|x). */
  readonly ratio: number;
}

/** Codes from the Gaussian of a picture: sample k takes stream k of the seed's numbers. */
export function codesAround(
  mean: ArrayLike<number>,
  logVariance: ArrayLike<number>,
  samples: number,
  seed: number,
): Draw[] {
  return Array.from({ length: samples }, (_, stream) => {
    const noise = normal(seed, mean.length, stream);
    let ratio = 0;
    const z = noise.map((value, at) => {
      const code = mean[at]! + Math.exp(logVariance[at]! / 2) * value;
      ratio += 0.5 * (value ** 2 + logVariance[at]! - code ** 2);
      return code;
    });
    return { z, ratio };
  });
}

/** log of the mean of exp(values): with log p(x|z) + log p(z) - log q(z|x), a lower bound on log p(x). */
export function logMeanExp(values: readonly number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0) / values.length);
}

/** KL(N(mean, exp(logVariance)) || N(0, 1)) over all dimensions: what the code says about the picture, in nats. */
export function divergence(mean: ArrayLike<number>, logVariance: ArrayLike<number>): number {
  let total = 0;
  for (let at = 0; at < mean.length; at++)
    total += 0.5 * (mean[at]! ** 2 + Math.exp(logVariance[at]!) - 1 - logVariance[at]!);
  return total;
}
