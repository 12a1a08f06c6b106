/** Operators that work number by number. */

import { broadcast, isWhole, picked, places, room, sizeOf, stretched, whole, type Tensor } from '../tensor';
import { need, type Attributes, type Operator, type Operators } from './table';

type Unary = (x: number) => number;
type Binary = (a: number, b: number) => number;

const sigmoid: Unary = (x) => 1 / (1 + Math.exp(-x));
const bit = (value: boolean): number => (value ? 1 : 0);

function each(x: Tensor, change: Unary): Tensor {
  const data = room(x, x.data.length);
  for (let at = 0; at < data.length; at++) data[at] = change(x.data[at]!);
  return { dims: x.dims, data };
}

const unary =
  (change: Unary): Operator =>
  ([x]) =>
    each(x!, change);

/** Of one number, with what the attributes say. */
const shaped =
  (make: (attributes: Attributes) => Unary): Operator =>
  ([x], attributes) =>
    each(x!, make(attributes));

function both(a: Tensor, b: Tensor, join: Binary): Tensor {
  const dims = broadcast(a.dims, b.dims);
  const data = room(isWhole(a) ? b : a, sizeOf(dims));
  const [left, right] = [a.data, b.data];
  if (left.length === data.length && right.length === data.length) {
    for (let at = 0; at < data.length; at++) data[at] = join(left[at]!, right[at]!);
  } else if (left.length === data.length && right.length === 1) {
    const one = right[0]!;
    for (let at = 0; at < data.length; at++) data[at] = join(left[at]!, one);
  } else {
    const [from, other] = [places(dims, stretched(a.dims, dims)), places(dims, stretched(b.dims, dims))];
    for (let at = 0; at < data.length; at++) data[at] = join(left[from[at]!]!, right[other[at]!]!);
  }
  return { dims, data };
}

const binary =
  (join: Binary): Operator =>
  (inputs) =>
    both(need(inputs, 0), need(inputs, 1), join);

/** Any number of inputs, joined from left to right. */
const several =
  (join: Binary): Operator =>
  (inputs) =>
    inputs.slice(1).reduce<Tensor>((found, next) => both(found, next!, join), need(inputs, 0));

const compared =
  (is: (a: number, b: number) => boolean): Operator =>
  (inputs) => {
    const { dims, data } = both(need(inputs, 0), need(inputs, 1), (a, b) => bit(is(a, b)));
    return whole(data, dims);
  };

const divide: Operator = (inputs) => {
  const [a, b] = [need(inputs, 0), need(inputs, 1)];
  return both(a, b, isWhole(a) ? (x, y) => Math.trunc(x / y) : (x, y) => x / y);
};

const where: Operator = (inputs) => {
  const [test, yes, no] = [need(inputs, 0), need(inputs, 1), need(inputs, 2)];
  const dims = broadcast(broadcast(test.dims, yes.dims), no.dims);
  const spread = (tensor: Tensor) => picked(tensor, dims, places(dims, stretched(tensor.dims, dims)));
  const [chosen, one, other] = [spread(test), spread(yes), spread(no)];
  const data = room(one, chosen.data.length);
  for (let at = 0; at < data.length; at++) data[at] = (chosen.data[at] ? one : other).data[at]!;
  return { dims, data };
};

const clip: Operator = ([x, least, most]) => {
  const [low, high] = [least?.data[0] ?? -Infinity, most?.data[0] ?? Infinity];
  return each(x!, (value) => Math.min(high, Math.max(low, value)));
};

/** The error function, within 1e-15. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  // The Taylor series, in which every term of exp(-x^2) has the same sign: nothing cancels.
  let term = x;
  let total = x;
  for (let step = 1; Math.abs(term) > 1e-17 * Math.abs(total); step++) {
    term *= (2 * x * x) / (2 * step + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

const GELU_TANH = Math.sqrt(2 / Math.PI);

const even: Unary = (x) => {
  const near = Math.round(x);
  return near - x === 0.5 && near % 2 ? near - 1 : near;
};

export const ELEMENTS: Operators = {
  Abs: unary(Math.abs),
  Add: binary((a, b) => a + b),
  And: compared((a, b) => Boolean(a && b)),
  Ceil: unary(Math.ceil),
  Clip: clip,
  Div: divide,
  Elu: shaped((given) => {
    const alpha = given.number('alpha', 1);
    return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
  }),
  Equal: compared((a, b) => a === b),
  Erf: unary(erf),
  Exp: unary(Math.exp),
  Floor: unary(Math.floor),
  Gelu: shaped((given) =>
    given.word('approximate', 'none') === 'tanh'
      ? (x) => (x / 2) * (1 + Math.tanh(GELU_TANH * (x + 0.044715 * x ** 3)))
      : (x) => (x / 2) * (1 + erf(x * Math.SQRT1_2)),
  ),
  Greater: compared((a, b) => a > b),
  GreaterOrEqual: compared((a, b) => a >= b),
  HardSigmoid: shaped((given) => {
    const [alpha, beta] = [given.number('alpha', 0.2), given.number('beta', 0.5)];
    return (x) => Math.min(1, Math.max(0, alpha * x + beta));
  }),
  HardSwish: unary((x) => x * Math.min(1, Math.max(0, x / 6 + 0.5))),
  LeakyRelu: shaped((given) => {
    const alpha = given.number('alpha', 0.01);
    return (x) => (x < 0 ? alpha * x : x);
  }),
  Less: compared((a, b) => a < b),
  LessOrEqual: compared((a, b) => a <= b),
  Log: unary(Math.log),
  Max: several(Math.max),
  Min: several(Math.min),
  Mul: binary((a, b) => a * b),
  Neg: unary((x) => -x),
  Not: unary((x) => bit(!x)),
  Or: compared((a, b) => Boolean(a || b)),
  Pow: binary((a, b) => a ** b),
  PRelu: binary((x, slope) => (x < 0 ? slope * x : x)),
  Reciprocal: unary((x) => 1 / x),
  Relu: unary((x) => Math.max(0, x)),
  Round: unary(even),
  Sigmoid: unary(sigmoid),
  Sign: unary(Math.sign),
  Softplus: unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  Sqrt: unary(Math.sqrt),
  Sub: binary((a, b) => a - b),
  Sum: several((a, b) => a + b),
  Swish: shaped((given) => {
    const alpha = given.number('alpha', 1);
    return (x) => x * sigmoid(alpha * x);
  }),
  Tanh: unary(Math.tanh),
  Where: where,
};
