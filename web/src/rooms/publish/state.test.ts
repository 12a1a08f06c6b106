import { describe, expect, it } from 'vitest';
import { read, write } from '../../core/url';
import { body, fields, size, weightsNamed } from './state';

describe('what is said of a page', () => {
  it('goes into the address and back, whatever it holds', () => {
    const said = read(fields, '');
    const changed = { ...said, title: '<b>&=#</b>', words: 'one\ntwo', precision: 'int8' as const, mark: true };
    expect(read(fields, write(fields, changed))).toEqual(changed);
  });

  it('never takes an agreement from an address: links are made by others', () => {
    const said = read(fields, 'run=r&yes=yes&neighbours=yes');
    expect(Object.keys(said)).not.toContain('yes');
    expect(body(said, { neighbours: false, yes: false })).toMatchObject({ run: 'r', neighbours: false, yes: false });
  });
});

describe('sizes', () => {
  it('are read in the unit that fits', () => {
    expect([400, 64_000, 1_234_567, 23_400_000].map(size)).toEqual(['1 kB', '64 kB', '1.2 MB', '23 MB']);
    expect(weightsNamed({ precision: 'int8', bytes: 64_079 }).label).toContain('about 64 kB');
  });
});
