/** The tiny runtime: it runs an .onnx file in plain JavaScript, operator by operator, with nothing to download. */

import { readGraph, type Graph, type Node } from './onnx';
import { ELEMENTS } from './operators/elements';
import { multiplied, PRODUCTS } from './operators/products';
import { SHAPES } from './operators/shapes';
import { Attributes, type Operator, type Operators } from './operators/table';
import { WINDOWS } from './operators/windows';
import type { Feeds, Session } from './session';
import { keep, type Tensor } from './tensor';

const OPERATORS: Operators = { ...ELEMENTS, ...PRODUCTS, ...SHAPES, ...WINDOWS };

export interface TinySession extends Session {
  /** How many products the last run took, in convolutions and dense layers. */
  products: number;
}

interface Step {
  readonly node: Node;
  readonly run: Operator;
  readonly attributes: Attributes;
  /** Tensors that nobody reads after this step. */
  readonly done: readonly string[];
}

/**
 * Opens an .onnx file. What does not depend on an input is computed here, once: weights kept as bytes become numbers.
 * Throws RangeError for what is no ONNX file, and names the operators that are not known here.
 */
export function openTiny(bytes: Uint8Array): TinySession {
  const graph = readGraph(bytes);
  const unknown = [...new Set(graph.nodes.map((node) => node.operator))].filter((name) => !OPERATORS[name]);
  if (unknown.length) throw new RangeError(`the tiny runtime does not know ${unknown.join(', ')}`);
  const { known, steps } = folded(graph);
  return {
    runtime: 'tiny',
    products: 0,
    // Asynchronous, so that both runtimes fail alike.
    async run(feeds) {
      const before = multiplied();
      const found = computed(graph, known, steps, feeds);
      this.products = multiplied() - before;
      return found;
    },
  };
}

/** Constants, with all that follows from them alone, and the steps that are left. An input may replace its default. */
function folded(graph: Graph): { known: Map<string, Tensor>; steps: Step[] } {
  const known = new Map(graph.constants);
  const open = new Set(graph.inputs);
  const left: Omit<Step, 'done'>[] = [];
  for (const node of graph.nodes) {
    const step = { node, run: OPERATORS[node.operator]!, attributes: new Attributes(node) };
    if (node.inputs.every((name) => !name || (known.has(name) && !open.has(name)))) perform(step, known);
    else left.push(step);
  }
  const last = new Map<string, number>();
  left.forEach(({ node }, at) => node.inputs.forEach((name) => last.set(name, at)));
  const needed = new Set(graph.outputs);
  const steps = left.map((step, at) => ({
    ...step,
    done: [...new Set(step.node.inputs)].filter(
      (name) => last.get(name) === at && !known.has(name) && !needed.has(name),
    ),
  }));
  const read = new Set([...left.flatMap(({ node }) => node.inputs), ...graph.outputs]);
  for (const [name, tensor] of known) {
    if (read.has(name)) keep(tensor);
    else known.delete(name);
  }
  return { known, steps };
}

function computed(graph: Graph, known: ReadonlyMap<string, Tensor>, steps: readonly Step[], feeds: Feeds) {
  const values = new Map(known);
  for (const name of graph.inputs) {
    const given = feeds[name];
    if (given) values.set(name, given);
    else if (!values.has(name)) throw new RangeError(`the graph needs its input ${name}`);
  }
  for (const step of steps) {
    perform(step, values);
    for (const name of step.done) values.delete(name);
  }
  return Object.fromEntries(graph.outputs.map((name) => [name, values.get(name)!]));
}

function perform({ node, run, attributes }: Omit<Step, 'done'>, values: Map<string, Tensor>): void {
  const made = run(
    node.inputs.map((name) => (name ? values.get(name) : undefined)),
    attributes,
  );
  const all = 'dims' in made ? [made] : made;
  node.outputs.forEach((name, at) => name && values.set(name, all[at]!));
}
