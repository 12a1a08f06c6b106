/**
 * A family tree as a list of short texts, from which all its pictures follow. A member is a founder, written as its
 * place, or a birth: "0-1.2.5.35" is the child 5 of the third brood of members 0 and 1, 35 % of it news.
 */
import { format, noise, type Spot, sum } from '../core/spots';
import { normal } from '../core/seeds';
import { balanced, hashed, placed } from './places';

export interface Birth {
  /** Of one parent or several: places in the list, all before the child's own. */
  readonly parents: readonly number[];
  readonly brood: number;
  readonly child: number;
  /** How much of a child is its own, in percent. */
  readonly news: number;
}

export interface Member {
  readonly spot: Spot;
  readonly parents: readonly number[];
  /** 0 for founders, else one more than that of the youngest parent. */
  readonly generation: number;
}

export const CHILDREN = 12;
export const MOST_MEMBERS = 64;
export const MOST_PARENTS = 4;
const BIRTH = /^(\d{1,2}(?:-\d{1,2}){0,3})\.(\d{1,6})\.(\d{1,2})\.(\d{1,3})$/;
/** Of a seed's numbers: stream 0 is its noise, this one says how the parents are mixed. */
const MIX_STREAM = 2;

export const written = ({ parents, brood, child, news }: Birth): string =>
  `${parents.join('-')}.${brood}.${child}.${news}`;

/** All members in the order of the list; it ends before the first text that makes no sense. */
export function members(family: readonly string[], flat: boolean): Member[] {
  const found: Member[] = [];
  for (const text of family.slice(0, MOST_MEMBERS)) {
    const member = founder(text) ?? born(text, found, flat);
    if (member === undefined) break;
    found.push(member);
  }
  return found;
}

function founder(text: string): Member | undefined {
  const spot = placed(text);
  return spot && { spot, parents: [], generation: 0 };
}

function born(text: string, before: readonly Member[], flat: boolean): Member | undefined {
  const found = BIRTH.exec(text);
  if (found === null) return undefined;
  const [, list = '', brood, child, news] = found;
  const parents = list.split('-').map(Number);
  const known = parents.map((place) => before[place]).filter((parent) => parent !== undefined);
  if (known.length < parents.length || Number(child) >= CHILDREN || Number(news) > 100) return undefined;
  const birth = { parents, brood: Number(brood), child: Number(child), news: Number(news) };
  const spot = conceived(
    known.map((parent) => parent.spot),
    birth,
    known.map((parent) => format(parent.spot)).join('+'),
    flat,
  );
  return { spot, parents, generation: 1 + Math.max(...known.map(({ generation }) => generation)) };
}

/** The places of a brood: children of some members. */
export function brood(
  all: readonly Member[],
  parents: readonly number[],
  number: number,
  news: number,
  flat: boolean,
): Spot[] {
  return Array.from({ length: CHILDREN }, (_, child) => {
    const text = written({ parents, brood: number, child, news });
    return (born(text, all, flat) as Member).spot;
  });
}

/** Parents in shares that differ from child to child, turned by `news` towards the noise of a seed of the child's own. */
function conceived(parents: readonly Spot[], { brood, child, news }: Birth, from: string, flat: boolean): Spot {
  const seed = hashed(`${from} ${brood} ${child}`) % 1_000_000;
  const shares = parents.length > 1 ? [...normal(seed, parents.length, MIX_STREAM)].map(Math.exp) : [1];
  const mixed = balanced(sum(...parents.map((spot, place) => [shares[place] as number, spot] as const)), flat);
  const turn = (news / 100) * (Math.PI / 2);
  const [kept, own] = flat ? [1 - news / 100, news / 100] : [Math.cos(turn), Math.sin(turn)];
  return balanced(sum([kept, mixed], [own, noise(seed)]), flat);
}

/** Members from whom a member descends, itself included, in the order of the list. */
export function ancestors(all: readonly Member[], place: number): number[] {
  const found = new Set<number>([place]);
  for (let at = place; at >= 0; at--) if (found.has(at)) all[at]?.parents.forEach((parent) => found.add(parent));
  return [...found].sort((one, other) => one - other);
}

/** The list with `kept` members only, who must include all ancestors of each: births name their parents' new places. */
export function pruned(family: readonly string[], kept: readonly number[]): string[] {
  return kept.map((place) => {
    const text = family[place] as string;
    const found = BIRTH.exec(text);
    if (found === null) return text;
    const [, list = ''] = found;
    const parents = list.split('-').map((parent) => kept.indexOf(Number(parent)));
    return `${parents.join('-')}${text.slice(list.length)}`;
  });
}
