import { expect, it } from 'vitest';
import { read, write } from '../../core/url';
import { factorOf, fields, type Switch, switched, turned } from './state';

it('keeps switches in the address', () => {
  const off: readonly Switch[] = turned(turned([], 'body.2.1', 3, 0), 'conv1', 7, -1.5);
  const query = write(fields, { ...read(fields, ''), off });
  expect(read(fields, query).off).toEqual(off);
  expect(query).toBe('off=body.2.1*3*0%2Cconv1*7*-1.5');
  expect(read(fields, 'off=conv1*x*0').off).toEqual([]);
});

it('names each unit once, and groups what the server is told', () => {
  const off = turned(turned(turned([], 'conv1', 1, 0), 'conv1', 2, 0), 'conv1', 1, 2);
  expect(factorOf(off, 'conv1', 1)).toBe(2);
  expect(factorOf(off, 'conv1', 5)).toBe(1);
  expect(turned(off, 'conv1', 1, 1)).toEqual([{ layer: 'conv1', unit: 2, factor: 0 }]);
  expect(switched(turned(off, 'conv1', 3, 0))).toEqual([
    { layer: 'conv1', units: [2, 3], factor: 0 },
    { layer: 'conv1', units: [1], factor: 2 },
  ]);
});
