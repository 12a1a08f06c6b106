import { describe, expect, it } from 'vitest';
import { format } from '../core/spots';
import { ancestors, brood, CHILDREN, members, pruned, written } from './family';

const FAMILY = ['n7', 'n12', '0.2.5.35', 'n99', '0-1.0.3.35', '2-4-3.1.11.60'];
const squares = (list: readonly { weight: number }[]) => list.reduce((total, { weight }) => total + weight ** 2, 0);

describe('a family', () => {
  it('knows generations and parents', () => {
    const all = members(FAMILY, false);
    expect(all.map(({ generation }) => generation)).toEqual([0, 0, 1, 0, 1, 2]);
    expect(all[5]?.parents).toEqual([2, 4, 3]);
  });
  it('is the same for everybody who has the link', () => {
    // Written down once: another value here would change the pictures of links that people have sent.
    expect(format(members(['n7', 'n12', '0-1.0.3.35'], false)[2]?.spot ?? [])).toBe(
      '0.8223*n12~0.5225*n807377~0.2255*n7',
    );
  });
  it('has children that are draws of a normal prior: squared weights add up to 1', () => {
    for (const { spot } of members(FAMILY, false)) expect(squares(spot)).toBeCloseTo(1, 3);
  });
  it('has children within the plane of their parents where the space is flat: weights add up to 1', () => {
    for (const { spot } of members(FAMILY, true)) {
      expect(spot.reduce((total, { weight }) => total + weight, 0)).toBeCloseTo(1, 3);
    }
  });
  it('gives a child as much of its own as was asked for', () => {
    const [parent, child] = members(['n7', '0.0.0.50'], false);
    const share = (seed: number) => child?.spot.find(({ what }) => what.kind === 'noise' && what.seed === seed)?.weight;
    expect(share(7)).toBeCloseTo(Math.SQRT1_2, 4);
    expect(parent?.spot).toHaveLength(1);
    const [, stranger] = members(['n7', '0.0.0.100'], false);
    expect(stranger?.spot.map(({ what }) => what)).not.toContainEqual({ kind: 'noise', seed: 7 });
  });
  it('takes something of each parent, in shares that differ from child to child', () => {
    const found = brood(members(FAMILY.slice(0, 2), false), [0, 1], 0, 35, false);
    expect(found).toHaveLength(CHILDREN);
    expect(new Set(found.map(format)).size).toBe(CHILDREN);
    for (const spot of found) expect(spot).toHaveLength(3);
  });
  it('ends before what makes no sense', () => {
    for (const wrong of ['1.0.0.35', '0.0.12.35', '0.0.0.101', '0-9.0.0.35', '<b>', 'p1_1', '']) {
      expect(members(['n7', wrong, 'n8'], false)).toHaveLength(1);
    }
  });
  it('stays short of what an address can hold, however long one breeds', () => {
    const long = ['n1', 'n2'];
    for (let at = 2; at < 60; at++)
      long.push(written({ parents: [at - 1, at - 2], brood: 0, child: at % 12, news: 50 }));
    const all = members(long, false);
    expect(all).toHaveLength(60);
    expect(Math.max(...all.map(({ spot }) => spot.length))).toBeLessThanOrEqual(24);
  });
  it('without strangers is the same family', () => {
    const kept = ancestors(members(FAMILY, false), 4);
    expect(kept).toEqual([0, 1, 4]);
    expect(pruned(FAMILY, kept)).toEqual(['n7', 'n12', '0-1.0.3.35']);
    const [last, same] = [members(FAMILY, false)[4], members(pruned(FAMILY, kept), false)[2]];
    expect(same?.spot).toEqual(last?.spot);
  });
});
