/** Arrays as the server sends them: a shape, a type, and the bytes in base64. Little-endian, last dimension fastest. */

export interface Sent {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'uint8';
  readonly data: string;
}

export interface Block {
  readonly shape: readonly number[];
  readonly values: Float32Array | Uint8Array;
}

export function received(sent: Sent): Block {
  const bytes = Uint8Array.from(atob(sent.data), (letter) => letter.charCodeAt(0));
  const values = sent.dtype === 'uint8' ? bytes : new Float32Array(bytes.buffer);
  const expected = sent.shape.reduce((product, side) => product * side, 1);
  if (values.length !== expected) throw new Error(`${values.length} numbers for the shape ${sent.shape.join(' x ')}`);
  return { shape: sent.shape, values };
}

/** The `index`-th entry along the first dimension, as a view on the same numbers. */
export function part(block: Block, index: number): Block {
  const [count = 0, ...shape] = block.shape;
  if (index < 0 || index >= count) throw new RangeError(`no entry ${index} of ${count}`);
  const size = block.values.length / count;
  return { shape, values: block.values.subarray(index * size, (index + 1) * size) };
}

/** The least and the greatest finite number; 0 and 0 when there is none. */
export function range(values: ArrayLike<number>): readonly [number, number] {
  let least = Infinity;
  let most = -Infinity;
  for (let place = 0; place < values.length; place++) {
    const value = values[place] as number;
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least > most ? [0, 0] : [least, most];
}
