/** Codes: from a seed to z, nearer to the ordinary, along named directions, or from a mixture of codes. */

import { normal } from '../core/seeds';
import type { Manifest, Prior } from './manifest';

export interface Moves {
  /** Below 1 nearer to the mean of all codes, where pictures are more ordinary. */
  readonly truncation?: number;
  /** How far along directions of the manifest, in sigma. */
  readonly move?: Readonly<Record<string, number>>;
  /** z from the manifest's mixture of codes instead of N(0, I), as `nonesuch sample --mixture`. */
  readonly mixture?: boolean;
}

type Space = Pick<Manifest, 'latent' | 'prior' | 'directions'>;

/** Of a seed's numbers: stream 0 is z, this one chooses a component of a mixture. */
const CHOICE_STREAM = 1;

/** z of a seed, (latent,). Throws RangeError for a seed that is none, and a sentence for a mixture that is not there. */
export function codeOf(seed: number, { latent, prior }: Space, mixture = false): Float32Array {
  const size = latent!.size;
  const z = normal(seed, size);
  if (!mixture) return z;
  if (!prior) throw new Error('This net has no mixture of codes.');
  return placed(z, normal(seed, 1, CHOICE_STREAM)[0]!, prior);
}

/** Normal numbers laid into one component, which `choice` chooses. */
function placed(z: Float32Array, choice: number, { weights, means, factors }: Prior): Float32Array {
  const share = cumulative(choice);
  let [component, sum] = [0, weights[0]!];
  while (component < weights.length - 1 && sum < share) sum += weights[++component]!;
  const [mean, factor] = [means[component]!, factors[component]!];
  return Float32Array.from(mean, (value, row) => {
    let total = value;
    for (let at = 0; at <= row; at++) total += factor[row]![at]! * z[at]!;
    return total;
  });
}

/** P(Z < x) of a standard normal Z: its series, in which nothing cancels. */
function cumulative(x: number): number {
  if (Math.abs(x) > 8) return x < 0 ? 0 : 1;
  let [term, total] = [x, x];
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(total); odd += 2) total += term *= (x * x) / odd;
  return 0.5 + (total * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/** z drawn towards the prior’s mean, 0, then moved. Throws a sentence for a direction that has no such name. */
export function moved(z: Float32Array, space: Space, { truncation = 1, move = {} }: Moves): Float32Array {
  const found = z.slice();
  if (truncation !== 1) for (let at = 0; at < z.length; at++) found[at] = truncation * z[at]!;
  for (const [name, amount] of Object.entries(move)) {
    const direction = space.directions.find((each) => each.name === name);
    if (!direction) throw new Error(`There is no direction “${name}”.`);
    for (let at = 0; at < z.length; at++) found[at]! += amount * direction.sigma * direction.vector[at]!;
  }
  return found;
}
