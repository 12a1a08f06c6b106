import { describe, expect, it } from 'vitest';
import { growing } from './growing';
import type { RuntimeName, Session } from './session';
import { floats } from './tensor';

const session = (runtime: RuntimeName, answer: number): Session => ({
  runtime,
  run: () => Promise.resolve({ picture: { ...floats([1]), data: Float32Array.of(answer) } }),
});
const drawn = async (from: Session) => (await from.run({})).picture!.data[0];
const later = () => new Promise((done) => setTimeout(done));

describe('a session that grows', () => {
  it('answers at once, and asks for the quicker one only then', async () => {
    let arrive: (session: Session) => void = () => undefined;
    let asked = 0;
    const both = growing(session('tiny', 1), () => new Promise((done) => (asked++, (arrive = done))));
    expect(asked).toBe(0);
    expect(await drawn(both)).toBe(1);
    expect(await drawn(both)).toBe(1);
    expect([asked, both.runtime]).toEqual([1, 'tiny']);
    arrive(session('onnx', 2));
    await later();
    expect([await drawn(both), both.runtime, asked]).toEqual([2, 'onnx', 1]);
  });

  it('stays as it is where the quicker one cannot be had', async () => {
    const both = growing(session('tiny', 1), () => Promise.reject(new Error('no WebAssembly')));
    await drawn(both);
    await later();
    expect([await drawn(both), both.runtime]).toEqual([1, 'tiny']);
  });
});
