/** Just enough of the protobuf wire format to read an .onnx file: fields in the order in which they stand. */

export interface Field {
  readonly number: number;
  /** Of a varint, or of 32 or 64 fixed bits read as a whole number. */
  readonly value: number;
  /** Of a string, a message or packed numbers, and of fixed bits; empty for a varint. */
  readonly bytes: Uint8Array;
}

const DECODER = new TextDecoder();

/** The fields of a message. Throws RangeError where the bytes end too early or a wire type is unknown. */
export function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = varint(bytes, at);
    at = tag.next;
    const number = Math.floor(tag.value / 8);
    const kind = tag.value % 8;
    if (kind === 0) {
      const { value, next } = varint(bytes, at);
      found.push({ number, value, bytes: bytes.subarray(at, at) });
      at = next;
      continue;
    }
    let length = kind === 5 ? 4 : 8;
    if (kind === 2) ({ value: length, next: at } = varint(bytes, at));
    else if (kind !== 1 && kind !== 5) throw new RangeError(`not an ONNX file: wire type ${kind}`);
    if (at + length > bytes.length) throw new RangeError('not an ONNX file, or one that was cut off');
    found.push({ number, value: NaN, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

/** All varints of a packed field. */
export function packed(bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const { value, next } = varint(bytes, at);
    found.push(value);
    at = next;
  }
  return found;
}

export const text = (bytes: Uint8Array): string => DECODER.decode(bytes);

export const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A varint as int64. Beyond 2^53 it is rounded, which serves for "to the end", the only such number in our files. */
function varint(bytes: Uint8Array, from: number): { value: number; next: number } {
  let low = 0;
  let high = 0;
  for (let step = 0; step < 10; step++) {
    const byte = bytes[from + step];
    if (byte === undefined) break;
    // 28 bits at a time stay whole numbers; the tenth byte holds the sign bit alone.
    if (step < 4) low += (byte & 0x7f) * 2 ** (7 * step);
    else high += (byte & 0x7f) * 2 ** (7 * (step - 4));
    if (byte < 0x80) {
      const negative = high >= 2 ** 35;
      return { value: negative ? (high - 2 ** 36) * 2 ** 28 + low : high * 2 ** 28 + low, next: from + step + 1 };
    }
  }
  throw new RangeError('not an ONNX file, or one that was cut off');
}
