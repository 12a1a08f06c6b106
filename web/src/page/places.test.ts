import { describe, expect, it } from 'vitest';
import { normal } from '../core/seeds';
import { format, noise, parse, type Spot } from '../core/spots';
import { atNumbers, balanced, classOf, codeAt, hashed, placed, seedOf, stations } from './places';
import { fileName } from './saving';
import { enlarged, factor, notes, XMP } from './synthetic';
import { WORDS } from './words';

const numbers = (seed: number) => normal(seed, 8);

describe('a place', () => {
  it('of one seed is that seed, to the bit', () => {
    expect(seedOf(noise(7))).toBe(7);
    expect(codeAt(noise(7), 8, numbers)).toEqual(normal(7, 8));
  });
  it('of several is their sum', () => {
    const spot = placed('0.6*n7~-0.8*n12') as Spot;
    expect(seedOf(spot)).toBeUndefined();
    const found = codeAt(spot, 8, numbers);
    found.forEach((value, at) => {
      expect(value).toBeCloseTo(0.6 * (normal(7, 8)[at] as number) - 0.8 * (normal(12, 8)[at] as number), 6);
    });
  });
  it('of its own keeps its numbers through the address', () => {
    const code = normal(99, 16);
    expect(codeAt(placed(format(atNumbers(code))) as Spot, 16, numbers)).toEqual(code);
    expect(() => codeAt(atNumbers(code), 15, numbers)).toThrow('16 numbers for a code of 15');
  });
  it('that only the studio knows is none', () => {
    expect(placed('s1_2')).toBeUndefined();
    expect(placed('p1_2~n7')).toBeUndefined();
  });
  it('has the class of what it has most of', () => {
    expect(classOf(noise(25), 11)).toBe(3);
    expect(classOf(placed('0.3*n1~-0.9*n25') as Spot, 11)).toBe(3);
    expect(classOf(atNumbers(normal(1, 2)), 11)).toBe(0);
  });
  it('balanced is what the address keeps of it', () => {
    const spot = balanced(placed('3*n1~4*n2') as Spot, false);
    expect(format(spot)).toBe('0.8*n2~0.6*n1');
    expect(parse(format(spot))).toEqual(spot);
    expect(format(balanced(placed('3*n1~1*n2') as Spot, true))).toBe('0.75*n1~0.25*n2');
  });
  it('begins a walk that is always the same', () => {
    expect(stations(noise(7))).toEqual(stations(noise(7)));
    expect(new Set(stations(noise(7)).map(format)).size).toBe(4);
  });
});

it('FNV-1a has its published values', () => {
  expect(hashed('')).toBe(0x811c9dc5);
  expect(hashed('a')).toBe(0xe40c292c);
  expect(hashed('foobar')).toBe(0xbf9cf968);
});

it('a saved picture is enlarged without new colours, and says that it is synthetic', () => {
  const small = { width: 2, height: 1, data: Uint8ClampedArray.of(1, 2, 3, 255, 9, 8, 7, 255) };
  const large = enlarged(small, 2);
  expect([large.width, large.height]).toEqual([4, 2]);
  expect([...large.data.slice(0, 16)]).toEqual([1, 2, 3, 255, 1, 2, 3, 255, 9, 8, 7, 255, 9, 8, 7, 255]);
  expect(large.data.slice(16)).toEqual(large.data.slice(0, 16));
  expect([factor({ width: 16, height: 16 }, 512), factor({ width: 600, height: 2 }, 512)]).toEqual([32, 1]);
  const found = notes({ title: 'A\0B', net: 'gan', place: '#seed=7', seed: 7 });
  expect(found).toContainEqual({ key: 'Seed', text: '7' });
  expect(found).toContainEqual({ key: 'Synthetic', text: 'yes' });
  expect(found[0]?.text).toBe('AB');
  const xml = new DOMParser().parseFromString(XMP.replace(/<\?xpacket[^>]*\?>/g, '').trim(), 'application/xml');
  expect(xml.querySelector('parsererror')).toBeNull();
});

it('file names hold no way out of a folder', () => {
  expect(fileName('../../etc/passwd\0<x>')).toBe('etc-passwd-x');
  expect(fileName('Über 猫 7')).toBe('Über-猫-7');
  expect(fileName('///')).toBe('picture');
});

it('every language has every word', () => {
  const shape = (table: object): string[] =>
    Object.entries(table).flatMap(([name, value]) =>
      typeof value === 'object' ? shape(value as object).map((each) => `${name}.${each}`) : [`${name}:${typeof value}`],
    );
  expect(shape(WORDS.de)).toEqual(shape(WORDS.en));
});
