/** Kernels by formula, the same as nonesuch/lens/named_kernels.py: Gaussian, difference of Gaussians, Gabor. */

import type { Kernel } from './kernels';

/** The numbers each takes, and what they usually are: sigma; two sigmas; wavelength and degrees. */
export const FORMULAS = { gaussian: [2], dog: [1, 1.6], gabor: [8, 0] } as const satisfies Record<
  string,
  readonly number[]
>;

export function formula(name: keyof typeof FORMULAS, numbers: readonly number[]): Kernel {
  const [first = 1, second = 0] = numbers;
  if (!(first > 0) || (name === 'dog' && !(second > 0)))
    throw new RangeError(`${name} takes numbers above 0, in pixels.`);
  if (name === 'gaussian') return made(gaussian(first));
  if (name === 'gabor') return made(gabor(first, second));
  const side = sideOf(Math.max(first, second));
  const [inner, outer] = [gaussian(first, side), gaussian(second, side)];
  return made(inner.map((weight, place) => Math.fround(weight) - Math.fround(outer[place] as number)));
}

const made = (weights: readonly number[]): Kernel => ({
  side: Math.sqrt(weights.length),
  across: 0,
  weights: weights.map(Math.fround),
  scale: 1,
  offset: 0,
  stride: 1,
  edge: 'replicate',
});

const sideOf = (sigma: number): number => 2 * Math.max(1, Math.ceil(3 * sigma)) + 1;

/** (x, y) of each weight around the middle, row by row. */
function around(side: number): [number, number][] {
  const reach = side >> 1;
  return Array.from({ length: side * side }, (_, place) => [(place % side) - reach, Math.floor(place / side) - reach]);
}

function gaussian(sigma: number, side = sideOf(sigma)): number[] {
  const bell = around(side).map(([x, y]) => Math.exp(-(x * x + y * y) / (2 * sigma * sigma)));
  const sum = bell.reduce((total, weight) => total + weight, 0);
  return bell.map((weight) => weight / sum);
}

function gabor(wavelength: number, degrees: number): number[] {
  const sigma = wavelength / 2;
  const angle = (degrees * Math.PI) / 180;
  const wave = around(sideOf(sigma)).map(([x, y]) => {
    const along = x * Math.cos(angle) + y * Math.sin(angle);
    return Math.exp(-(x * x + y * y) / (2 * sigma * sigma)) * Math.cos((2 * Math.PI * along) / wavelength);
  });
  const mean = wave.reduce((total, weight) => total + weight, 0) / wave.length;
  const even = wave.map((weight) => weight - mean);
  const size = even.reduce((total, weight) => total + Math.abs(weight), 0);
  return even.map((weight) => weight / size);
}
