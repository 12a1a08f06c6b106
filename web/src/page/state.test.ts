import { describe, expect, it } from 'vitest';
import { formatted, movesOf, parsed, writtenMoves } from './state';

describe('the address', () => {
  it('says what a person can read', () => {
    const state = {
      ...parsed(''),
      seed: 7,
      class: 'hat',
      truncation: 0.8,
      move: ['glasses:1.5'],
      view: 'grid',
    } as const;
    expect(formatted(state)).toBe('view=grid&seed=7&class=hat&truncation=0.8&move=glasses:1.5');
  });
  it('reads what it wrote', () => {
    const family = ['n7', '0.6*n12~-0.8*n3', '0-1.2.5.35'];
    const state = {
      ...parsed(''),
      seed: 2 ** 53 - 1,
      family,
      parents: [2, 0],
      brood: 3,
      way: ['n1', 'n2'],
      time: 1.25,
    };
    expect(parsed(`#${formatted(state)}`)).toEqual(state);
  });
  it('is deaf to nonsense', () => {
    const wrong =
      '#view=<b>&seed=-1&truncation=9&time=x&family=' + 'n1,'.repeat(100) + '&parents=99&seed=9007199254740992';
    expect(parsed(wrong)).toEqual(parsed(''));
  });
});

describe('moves', () => {
  it('keep any name a direction can have', () => {
    const moves = { 'a,b:c': 1.5, 'ü & %': -2, __proto__x: 0.25, none: 0 };
    const names = Object.keys(moves);
    const back = movesOf(parsed(`#${formatted({ ...parsed(''), move: writtenMoves(moves) })}`).move, names);
    expect({ ...back }).toEqual({ 'a,b:c': 1.5, 'ü & %': -2, __proto__x: 0.25 });
  });
  it('are of known directions and of sense only', () => {
    expect({ ...movesOf(['hat:1', 'cat:NaN', 'hat', 'constructor:1', 'cat:21'], ['hat', 'cat']) }).toEqual({ hat: 1 });
  });
});
