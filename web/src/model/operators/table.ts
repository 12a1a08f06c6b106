/** What an operator is here: inputs and attributes of a node in, its outputs out (ONNX, operator set 20). */

import type { Attribute, Node } from '../onnx';
import type { Tensor } from '../tensor';

/** Inputs that a node leaves out are undefined. */
export type Inputs = readonly (Tensor | undefined)[];
export type Operator = (inputs: Inputs, attributes: Attributes) => Tensor | readonly Tensor[];
export type Operators = Readonly<Record<string, Operator>>;

/** A node's attributes, each asked for by the type that the operator's definition gives it. */
export class Attributes {
  private readonly found: ReadonlyMap<string, Attribute>;
  /** How many outputs the node has: Split goes by it. */
  readonly outputs: number;

  constructor(node: Pick<Node, 'attributes' | 'outputs'>) {
    this.found = node.attributes;
    this.outputs = node.outputs.length;
  }

  number(name: string, otherwise: number): number {
    const value = this.found.get(name);
    return typeof value === 'number' ? value : otherwise;
  }

  word(name: string, otherwise: string): string {
    const value = this.found.get(name);
    return typeof value === 'string' ? value : otherwise;
  }

  list(name: string): readonly number[] | undefined {
    const value = this.found.get(name);
    return Array.isArray(value) ? value : undefined;
  }

  tensor(name: string): Tensor | undefined {
    const value = this.found.get(name);
    return typeof value === 'object' && 'dims' in value ? value : undefined;
  }
}

/** The input at a place that the operator's definition requires. */
export function need(inputs: Inputs, place: number): Tensor {
  const found = inputs[place];
  if (!found) throw new RangeError(`input ${place} is missing`);
  return found;
}
