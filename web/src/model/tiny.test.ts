// @vitest-environment node
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openTiny } from './tiny';
import { floats } from './tensor';

interface Told {
  readonly dims: number[];
  readonly data: number[];
}
interface Case {
  readonly name: string;
  readonly model: string;
  readonly inputs: Record<string, Told>;
  readonly outputs: Record<string, Told>;
}
const golden = JSON.parse(readFileSync('../contracts/golden/operators.json', 'utf8')) as { cases: Case[] };
const bytesOf = (model: string): Uint8Array => Uint8Array.from(Buffer.from(model, 'base64'));
const fed = (inputs: Record<string, Told>) =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, { dims, data }]) => [name, floats(dims, Float32Array.from(data))]),
  );

describe('the tiny runtime', () => {
  it.each(golden.cases)('computes what onnxruntime does: $name', async ({ model, inputs, outputs }) => {
    const found = await openTiny(bytesOf(model)).run(fed(inputs));
    expect(Object.keys(found)).toEqual(Object.keys(outputs));
    for (const [name, { dims, data }] of Object.entries(outputs)) {
      expect(found[name]?.dims).toEqual(dims);
      // Sums of some dozens of float32 products, in another order.
      data.forEach((value, at) => {
        const got = found[name]?.data[at] as number;
        expect(Math.abs(got - value), `${name}[${at}]: ${got} for ${value}`).toBeLessThanOrEqual(
          2e-6 * (1 + Math.abs(value)),
        );
      });
    }
  });

  it('takes the default of an input, and another where one is given', async () => {
    const { model, inputs, outputs } = golden.cases.find(({ name }) => name === 'a shape kept') as Case;
    const session = openTiny(bytesOf(model));
    const plain = await session.run(fed(inputs));
    const twice = await session.run({ ...fed(inputs), gain: floats([], Float32Array.of(1)) });
    expect([...plain.y!.data]).toEqual(outputs.y!.data);
    expect([...twice.y!.data]).toEqual(outputs.y!.data.map((value) => 2 * value));
  });

  it('sees numbers that were changed in place', async () => {
    const { model, inputs } = golden.cases.find(({ name }) => name === 'Gemm, plain') as Case;
    const session = openTiny(bytesOf(model));
    const feeds = fed(inputs);
    const before = await session.run(feeds);
    for (const { data } of Object.values(feeds)) data.forEach((value, at) => (data[at] = 2 * value));
    const after = await session.run(feeds);
    expect([...after.y0!.data]).toEqual([...before.y0!.data].map((value) => 4 * value));
  });

  it('says what it cannot do', async () => {
    const { model, inputs } = golden.cases[0] as Case;
    const bytes = bytesOf(model);
    await expect(openTiny(bytes).run({})).rejects.toThrow('the graph needs its input x');
    expect(() => openTiny(bytes.subarray(0, bytes.length - 9))).toThrow('cut off');
    expect(() => openTiny(new TextEncoder().encode('<!doctype html>'))).toThrow('not an ONNX file');
    const renamed = bytes.slice();
    const at = Buffer.from(renamed).indexOf('Abs');
    renamed.set(new TextEncoder().encode('Xyz'), at);
    expect(() => openTiny(renamed)).toThrow('the tiny runtime does not know Xyz');
    expect(Object.keys(fed(inputs))).toEqual(['x']);
  });
});
