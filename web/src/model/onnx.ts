/** An .onnx file as a graph: nodes in order, constant tensors, names of inputs and outputs (onnx.proto, version 3). */

import { fields, packed, text, view, type Field } from './protobuf';
import { sizeOf, whole, type Numbers, type Tensor } from './tensor';

export type Attribute = number | string | Tensor | readonly number[];

export interface Node {
  readonly operator: string;
  /** "" stands for an optional one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Also those that have a constant for their default. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Throws RangeError for what is no ONNX file, and for tensors of types or in places that our exports do not use. */
export function readGraph(bytes: Uint8Array): Graph {
  const graph = only(fields(bytes), 7);
  if (!graph) throw new RangeError('not an ONNX file: it holds no graph');
  const nodes: Node[] = [];
  const constants = new Map<string, Tensor>();
  const inputs: string[] = [];
  const outputs: string[] = [];
  for (const field of fields(graph.bytes)) {
    if (field.number === 1) nodes.push(readNode(field.bytes));
    else if (field.number === 5) {
      const [name, tensor] = readTensor(field.bytes);
      constants.set(name, tensor);
    } else if (field.number === 11) inputs.push(nameIn(field.bytes));
    else if (field.number === 12) outputs.push(nameIn(field.bytes));
  }
  return { nodes, constants, inputs, outputs };
}

const only = (found: readonly Field[], number: number): Field | undefined =>
  found.find((field) => field.number === number);

const nameIn = (bytes: Uint8Array): string => text(only(fields(bytes), 1)?.bytes ?? new Uint8Array());

function readNode(bytes: Uint8Array): Node {
  const found = fields(bytes);
  const all = (number: number) => found.filter((field) => field.number === number);
  return {
    operator: text(only(found, 4)!.bytes),
    inputs: all(1).map((field) => text(field.bytes)),
    outputs: all(2).map((field) => text(field.bytes)),
    attributes: new Map(all(5).map((field) => readAttribute(field.bytes))),
  };
}

function readAttribute(bytes: Uint8Array): [string, Attribute] {
  const found = fields(bytes);
  const name = text(only(found, 1)!.bytes);
  const kind = only(found, 20)?.value;
  if (kind === 1) return [name, float(only(found, 2))];
  if (kind === 2) return [name, only(found, 3)?.value ?? 0];
  if (kind === 3) return [name, text(only(found, 4)?.bytes ?? new Uint8Array())];
  if (kind === 4) return [name, readTensor(only(found, 5)!.bytes)[1]];
  if (kind === 6) return [name, [...numbersOf(found, 7, floatsIn)]];
  if (kind === 7) return [name, [...numbersOf(found, 8, packed)]];
  // Lists of strings and sub-graphs: no operator of ours has them.
  return [name, NaN];
}

const float = (field: Field | undefined): number => (field ? view(field.bytes).getFloat32(0, true) : 0);

const floatsIn = (bytes: Uint8Array): number[] => {
  const read = view(bytes);
  return Array.from({ length: bytes.length / 4 }, (_, at) => read.getFloat32(at * 4, true));
};

/** A repeated field of numbers, packed or one by one. */
function numbersOf(found: readonly Field[], number: number, unpack: (bytes: Uint8Array) => number[]): number[] {
  return found
    .filter((field) => field.number === number)
    .flatMap((field) => (field.bytes.length ? unpack(field.bytes) : Number.isNaN(field.value) ? [] : [field.value]));
}

/** Bytes a value and how to read one, by TensorProto's data type. */
const TYPES: Record<number, readonly [number, (read: DataView, at: number) => number]> = {
  1: [4, (read, at) => read.getFloat32(at, true)],
  2: [1, (read, at) => read.getUint8(at)],
  3: [1, (read, at) => read.getInt8(at)],
  6: [4, (read, at) => read.getInt32(at, true)],
  7: [8, (read, at) => Number(read.getBigInt64(at, true))],
  9: [1, (read, at) => read.getUint8(at)],
  10: [2, (read, at) => half(read.getUint16(at, true))],
  11: [8, (read, at) => read.getFloat64(at, true)],
};
const FLOATS = [1, 10, 11];

/** Whether a tensor of this data type is kept as float32 here; whole numbers of all widths are one type. */
export const isFloatType = (type: number): boolean => FLOATS.includes(type);

function readTensor(bytes: Uint8Array): [string, Tensor] {
  const found = fields(bytes);
  const dims = numbersOf(found, 1, packed);
  const type = only(found, 2)?.value ?? 0;
  const name = text(only(found, 8)?.bytes ?? new Uint8Array());
  const layout = TYPES[type];
  if (!layout) throw new RangeError(`${name}: tensors of type ${type} cannot be read`);
  if (only(found, 13)) throw new RangeError(`${name}: its numbers lie in another file`);
  const raw = only(found, 9)?.bytes;
  const [width, read] = layout;
  const count = sizeOf(dims);
  let data: Numbers;
  if (raw) {
    if (raw.length !== count * width) throw new RangeError(`${name}: ${raw.length} bytes for ${dims.join(' x ')}`);
    // Bytes stay bytes: weights are small in memory until they are asked for.
    if (type === 3) data = new Int8Array(raw.buffer, raw.byteOffset, count);
    else if (type === 2) data = raw;
    else {
      const from = view(raw);
      data = isFloatType(type) ? new Float32Array(count) : new Float64Array(count);
      for (let at = 0; at < count; at++) data[at] = read(from, at * width);
    }
  } else if (type === 1) data = Float32Array.from(numbersOf(found, 4, floatsIn));
  else if (type === 10) data = Float32Array.from(numbersOf(found, 5, packed), half);
  else data = whole([...numbersOf(found, 5, packed), ...numbersOf(found, 7, packed)]).data;
  if (data.length !== count) throw new RangeError(`${name}: ${data.length} numbers for ${dims.join(' x ')}`);
  return [name, { dims, data }];
}

/** Sixteen bits of a half precision number as a number (IEEE 754 binary16). */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
}
