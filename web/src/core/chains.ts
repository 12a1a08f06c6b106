/** Kernels, biases, activations and pooling in a row, the same as nonesuch/lens/chains.py: in words, and stage by stage. */

import { type Edge, type Kernel, misfit, type Planes } from './kernels';
import { formula, FORMULAS } from './named_kernels';
import { slider } from './sliding';

export const BIAS = 'bias';
export const MINE = 'mine';
export const ACTS = { leaky: [0.2], relu: [], pool: [2], average: [2], norm: [] } as const satisfies Record<
  string,
  readonly number[]
>;
export type Act = keyof typeof ACTS;

/** Kernels that have a name, as the server lists them, and the person's own. */
export type Named = ReadonlyMap<string, Kernel>;

export interface Step {
  readonly words: string;
  readonly does: Kernel | { readonly act: Act; readonly by: number };
}

export interface Stage {
  readonly words: string;
  readonly planes: Planes;
}

/** One part of a chain as it is typed: a word and its numbers. */
export interface Part {
  readonly name: string;
  readonly numbers: readonly number[];
}

export class ChainError extends Error {}

export function partsOf(text: string): Part[] {
  if (text.trim() === '') return [];
  return text.split(',').map((part) => {
    const [name = '', ...rest] = part.trim().split(/\s+/);
    const numbers = rest.map(Number);
    if (!numbers.every((value) => Math.abs(value) < 1e6))
      throw new ChainError(`A step is a word and its numbers, as “leaky 0.2”, not “${part.trim()}”.`);
    return { name, numbers };
  });
}

export const textOf = (parts: readonly Part[]): string =>
  parts.map(({ name, numbers }) => [name, ...numbers.map((value) => String(+value.toFixed(4)))].join(' ')).join(', ');

/** The numbers a word usually has. */
export const usual = (name: string): readonly number[] =>
  name === BIAS
    ? [0]
    : ((FORMULAS as Record<string, readonly number[]>)[name] ??
      (ACTS as Record<string, readonly number[]>)[name] ??
      []);

/** Parts as steps; a bias belongs to the kernel before it. `edge`: of all kernels, instead of their own. */
export function stepsOf(parts: readonly Part[], named: Named, edge: Edge | null = null): Step[] {
  const found: Step[] = [];
  for (const { name, numbers } of parts) {
    const words = textOf([{ name, numbers }]);
    if (name === BIAS) {
      const before = found.pop();
      if (before === undefined || 'act' in before.does || numbers.length !== 1) {
        throw new ChainError('A bias is one number after a kernel, as in “emboss, bias 0.1”.');
      }
      found.push({
        words: `${before.words}, ${words}`,
        does: { ...before.does, offset: before.does.offset + (numbers[0] as number) },
      });
      continue;
    }
    const does = made(name, [...numbers, ...usual(name).slice(numbers.length)], named);
    found.push({ words, does: 'act' in does || edge === null || name === MINE ? does : { ...does, edge } });
  }
  return found;
}

function made(name: string, values: readonly number[], named: Named): Step['does'] {
  if (name in ACTS) return { act: name as Act, by: values[0] ?? 0 };
  if (name in FORMULAS) return formula(name as keyof typeof FORMULAS, values);
  const kernel = named.get(name);
  if (kernel === undefined) throw new ChainError(`No step of a chain is called “${name}”.`);
  return kernel;
}

/** The picture, and what it is after each step. Throws ChainError where it has become too small for one. */
export function stages(steps: readonly Step[], picture: Planes): Stage[] {
  const sliding = slider();
  const found: Stage[] = [{ words: 'picture', planes: picture }];
  for (const { words, does } of steps) {
    const { planes } = found[found.length - 1] as Stage;
    if ('act' in does) {
      found.push({ words, planes: act(does.act, does.by, planes, words) });
      continue;
    }
    const wrong = misfit(does, planes.channels, planes.height, planes.width);
    if (wrong !== null) throw new ChainError(`${words}: ${wrong}`);
    found.push({ words, planes: sliding.planes(does, planes) });
  }
  return found;
}

function act(name: Act, by: number, planes: Planes, words: string): Planes {
  if (name === 'leaky') return mapped(planes, (value) => (value < 0 ? by * value : value));
  if (name === 'relu') return mapped(planes, (value) => (value > 0 ? value : 0));
  if (name === 'norm') return normed(planes);
  if (!Number.isInteger(by) || by < 1)
    throw new ChainError(`Squares to pool have a whole side of at least 1, not ${by}.`);
  if (by > Math.min(planes.height, planes.width)) {
    throw new ChainError(
      `At “${words}” the picture is only ${planes.width}×${planes.height} any more: leave a step out.`,
    );
  }
  return pooled(planes, by, name === 'pool');
}

function mapped(planes: Planes, change: (value: number) => number): Planes {
  return { ...planes, values: planes.values.map(change) };
}

/** Each map to mean 0 and standard deviation 1, as instance norm does it. */
function normed(planes: Planes): Planes {
  const area = planes.height * planes.width;
  const values = new Float32Array(planes.values);
  for (let channel = 0; channel < planes.channels; channel++) {
    const map = values.subarray(channel * area, (channel + 1) * area);
    let [sum, squares] = [0, 0];
    for (const value of map) sum += value;
    const mean = sum / area;
    for (const value of map) squares += (value - mean) ** 2;
    const deviation = Math.sqrt(squares / area + 1e-5);
    for (let place = 0; place < area; place++) map[place] = ((map[place] as number) - mean) / deviation;
  }
  return { ...planes, values };
}

/** The highest number of each square, or the mean; what is left over at the right and below is left out. */
function pooled(planes: Planes, side: number, highest: boolean): Planes {
  const [height, width] = [Math.floor(planes.height / side), Math.floor(planes.width / side)];
  const values = new Float32Array(planes.channels * height * width);
  for (let place = 0; place < values.length; place++) {
    const [x, row] = [place % width, Math.floor(place / width)];
    const [y, channel] = [row % height, Math.floor(row / height)];
    let [most, sum] = [-Infinity, 0];
    for (let at = 0; at < side * side; at++) {
      const [down, along] = [y * side + Math.floor(at / side), x * side + (at % side)];
      const value = planes.values[(channel * planes.height + down) * planes.width + along] as number;
      most = Math.max(most, value);
      sum += value;
    }
    values[place] = highest ? most : sum / (side * side);
  }
  return { channels: planes.channels, height, width, values };
}
