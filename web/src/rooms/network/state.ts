/** What the address of the room Network says: which net looks at what, which unit is unfolded, what is switched. */
import type { components } from '../../api/schema';
import type { View } from '../../shell/location.svelte';
import { choice, type Field, list, real, text, whole } from '../../core/url';

export type Schemas = components['schemas'];
export type Anatomy = Schemas['Anatomy'];
export type Inside = Schemas['Inside'];
export type Switched = Schemas['Switched'];

/** One unit of one layer that hands on `factor` times what it found; in the address `layer*unit*factor`. */
export interface Switch {
  readonly layer: string;
  readonly unit: number;
  readonly factor: number;
}

const unitSwitch: Field<Switch> = {
  first: { layer: '', unit: 0, factor: 0 },
  read: (found) => {
    const parts = /^([A-Za-z0-9_.]{1,120})\*(\d{1,7})\*(-?\d{1,2}(?:\.\d{1,3})?)$/.exec(found);
    return parts === null
      ? undefined
      : { layer: parts[1] as string, unit: +(parts[2] as string), factor: +(parts[3] as string) };
  },
  write: ({ layer, unit, factor }) => `${layer}*${unit}*${+factor.toFixed(3)}`,
};

export const TABS = ['maps', 'confusion', 'crops', 'dreams', 'needed', 'templates'] as const;
export type Tab = (typeof TABS)[number];
export const METHODS = ['none', 'grad-cam', 'gradient', 'integrated gradients', 'occlusion'] as const;

type ValuesOf<F> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export const fields = {
  run: text('', 100),
  side: choice('', 'classifier', 'encoder', 'decoder', 'generator', 'critic'),
  picture: text('', 240),
  told: whole(-1, -1, 100_000),
  moment: whole(-1, -1, 1e12),
  tab: choice(...TABS),
  layer: text('', 120),
  unit: whole(-1, -1, 1e7),
  at: list(whole(0, 0, 1e5), [], 2),
  colours: choice('unit', 'layer', 'net'),
  off: list(unitSwitch, [], 40),
  why: choice(...METHODS),
  named: whole(-1, -1, 100_000),
  opacity: real(0.6, 0, 1, 2),
  cell: list(whole(0, 0, 100_000), [], 2),
  task: text('', 60),
  beside: text('', 100),
};

export type State = ValuesOf<typeof fields>;
export type Address = View<State>;

/** Switches as the server takes them: the units of a layer with one factor together. */
export function switched(off: readonly Switch[]): Switched[] {
  const groups = new Map<string, { layer: string; units: number[]; factor: number }>();
  for (const { layer, unit, factor } of off) {
    const key = `${layer}*${factor}`;
    const group = groups.get(key) ?? { layer, units: [], factor };
    groups.set(key, group);
    group.units.push(unit);
  }
  return [...groups.values()];
}

/** The list with a unit's factor set; a factor of 1 takes the unit out of it. */
export function turned(off: readonly Switch[], layer: string, unit: number, factor: number): Switch[] {
  const others = off.filter((each) => each.layer !== layer || each.unit !== unit);
  return factor === 1 ? others : [...others, { layer, unit, factor }];
}

/** What a unit hands on now: 1 unless it is switched. */
export const factorOf = (off: readonly Switch[], layer: string, unit: number): number =>
  off.find((each) => each.layer === layer && each.unit === unit)?.factor ?? 1;

/** The layer to begin with where a person has chosen none: the last that gives maps behind an activation, else the last. */
export const deepest = ({ layers }: Anatomy): string =>
  (layers.findLast(({ kind, maps }) => maps && kind === 'activation') ?? layers.at(-1))?.name ?? '';
