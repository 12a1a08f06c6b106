import { describe, expect, it } from 'vitest';
import { formatted, parsed } from './state';

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
