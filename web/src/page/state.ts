/** The page's state as it stands behind the # of its address; a picture is a pure function of it. */
import { choice, type Field, type Fields, flag, list, read, real, text, whole, write } from '../core/url';
import { SEED_LIMIT } from '../core/seeds';
import { MOST_MEMBERS, MOST_PARENTS } from './family';

export const VIEWS = ['picture', 'grid', 'walk', 'breed', 'photo'] as const;
export type ViewName = (typeof VIEWS)[number];

export interface State {
  view: ViewName;
  /** -1 where the address names none. */
  seed: number;
  /** A place that is no seed's, as core/spots writes it; it goes before the seed. */
  at: string;
  class: string;
  truncation: number;
  /** "name:sigma", the name as in an address. */
  move: readonly string[];
  /** Places that a walk goes through; [] for those that follow from the seed. */
  way: readonly string[];
  loop: boolean;
  /** How far a walk has come, in stations. */
  time: number;
  /** Founders and births (family.ts). */
  family: readonly string[];
  parents: readonly number[];
  brood: number;
  news: number;
}

const seed: Field<number> = {
  first: -1,
  read: (found) => (/^\d{1,16}$/.test(found) && +found < SEED_LIMIT ? +found : undefined),
  write: String,
};
const place = text('', 100_000);

export const fields: Fields<State> = {
  view: choice(...VIEWS),
  seed,
  at: place,
  class: text('', 200),
  truncation: real(1, 0, 2, 2),
  move: list(text('', 300), [], 64),
  way: list(place, [], 12),
  loop: flag(true),
  time: real(0, 0, 12, 3),
  family: list(place, [], MOST_MEMBERS),
  parents: list(whole(0, 0, MOST_MEMBERS - 1), [], MOST_PARENTS),
  brood: whole(0, 0, 999_999),
  news: whole(35, 5, 100),
};

export const parsed = (hash: string): State => read(fields, hash.replace(/^#/, ''));

/** Without a leading #. Letters that are harmless behind a # stay as they are: links are read by people. */
export const formatted = (state: State): string =>
  write(fields, state).replace(/%(3A|2C|7E|2F|40)/g, (escape) => decodeURIComponent(escape));
