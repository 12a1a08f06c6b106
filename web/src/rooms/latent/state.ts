/** The room's state as it stands in the address: where one is, what is moved, and what the tools have made. */
import { choice, type Fields, flag, list, real, text, whole } from '../../core/url';

export const TOOLS = [
  { value: 'film', label: 'Film' },
  { value: 'sum', label: 'A − B + C' },
  { value: 'sweep', label: 'Sweep' },
  { value: 'piles', label: 'Two piles' },
  { value: 'compass', label: 'Compass' },
  { value: 'photo', label: 'Photo' },
  { value: 'breed', label: 'Breed' },
  { value: 'cloud', label: 'Cloud' },
  { value: 'nets', label: 'One pad' },
  { value: 'numbers', label: 'Numbers' },
] as const;
export type Tool = (typeof TOOLS)[number]['value'];
export type PadKind = 'auto' | 'seeds' | 'plane' | 'near';

export interface State {
  run: string;
  tool: Tool;
  /** The place, as core/spots writes it; '' is where the run begins. */
  at: string;
  pad: PadKind;
  snap: boolean;
  nx: number;
  ny: number;
  /** "name:amount", the name as in an address. */
  moves: readonly string[];
  psi: number;
  as: string;
  found: string;
  photo: string;
  odds: string;
  /** "second@place". */
  keys: readonly string[];
  way: 'slerp' | 'lerp';
  ease: 'smooth' | 'linear';
  loop: boolean;
  speed: number;
  film: string;
  written: 'gif' | 'mp4';
  /** Pictures with something and pictures without it; which twelve are dealt. */
  having: readonly string[];
  lacking: readonly string[];
  deal: number;
  guide: string;
  towards: string;
  /** The directions across and down a sheet. */
  across: string;
  down: string;
  a: string;
  b: string;
  c: string;
  strength: number;
  brood: number;
  partner: string;
  /** From the first ancestor to the parent, which is the last. */
  line: readonly string[];
  stars: readonly string[];
  beside: string;
  look: 'gaussians' | 'points';
  layout: 'pca' | 'tsne' | 'umap';
  column: string;
  map: string;
  nets: readonly string[];
  tied: string;
  px: number;
  py: number;
}

const LONG = 200_000;
const place = text('', LONG);

export const fields: Fields<State> = {
  run: text(),
  tool: choice('film', ...TOOLS.slice(1).map(({ value }) => value)),
  at: place,
  pad: choice('auto', 'seeds', 'plane', 'near'),
  snap: flag(),
  nx: real(0, -2, 2),
  ny: real(0, -2, 2),
  moves: list(text('', 300), [], 64),
  psi: real(1, -1, 2),
  as: text(),
  found: text(),
  photo: text(),
  odds: text(),
  keys: list(place, [], 32),
  way: choice('slerp', 'lerp'),
  ease: choice('smooth', 'linear'),
  loop: flag(true),
  speed: whole(12, 1, 50),
  film: text(),
  written: choice('gif', 'mp4'),
  having: list(place, [], 24),
  lacking: list(place, [], 24),
  deal: whole(0, 0, 1_000_000),
  guide: text(),
  towards: text('', 200),
  across: text('', 300),
  down: text('', 300),
  a: place,
  b: place,
  c: place,
  strength: real(0.35, 0.05, 1),
  brood: whole(0, 0, 1_000_000),
  partner: place,
  line: list(place, [], 24),
  stars: list(place, [], 24),
  beside: text(),
  look: choice('gaussians', 'points'),
  layout: choice('pca', 'tsne', 'umap'),
  column: text(),
  map: text(),
  nets: list(text(), [], 4),
  tied: text(),
  px: real(0, -3, 3),
  py: real(0, -3, 3),
};

/** What belongs to one net and means nothing in another. */
export const FORGOTTEN: Partial<State> = {
  at: '',
  pad: 'auto',
  nx: 0,
  ny: 0,
  moves: [],
  psi: 1,
  as: '',
  found: '',
  photo: '',
  odds: '',
  keys: [],
  film: '',
  having: [],
  lacking: [],
  deal: 0,
  across: '',
  down: '',
  a: '',
  b: '',
  c: '',
  partner: '',
  line: [],
  stars: [],
  beside: '',
  column: '',
  map: '',
  tied: '',
};

export interface Key {
  readonly second: number;
  readonly place: string;
}

export const keysOf = (found: readonly string[]): Key[] =>
  found
    .map((each) => ({ second: Number(each.slice(0, each.indexOf('@'))), place: each.slice(each.indexOf('@') + 1) }))
    .filter(({ second, place }) => Number.isFinite(second) && second >= 0 && second <= 600 && place)
    .sort((first, second) => first.second - second.second);

export const writtenKeys = (keys: readonly Key[]): string[] =>
  keys.map(({ second, place }) => `${+second.toFixed(2)}@${place}`);
