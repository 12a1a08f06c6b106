/** One number of a layer's output as the sum that it is: which inputs met which weights, and what each of them added. */

/** A unit as the server unfolds it: K maps (K, h, w), kernels (K, a, b), and how they lie on each other. */
export interface Unit {
  readonly rule: 'sum' | 'spread' | 'max' | 'distance' | 'each';
  readonly inputs: Maps;
  readonly weights: Maps | undefined;
  readonly window: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
}

export interface Maps {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** One input and its weight (1 where the layer has none); outside of the map the input is 0 and `inside` is false. */
export interface Term {
  readonly row: number;
  readonly column: number;
  readonly inside: boolean;
  readonly input: number;
  readonly weight: number;
}

export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

const side = (numbers: readonly number[], at: number): number => numbers[at] ?? 1;

/** The pixels of an input map that an output pixel looks at; it may reach beyond the map's border. */
export function windowOf(unit: Unit, row: number, column: number): Box {
  const [down, right] = [side(unit.stride, 0), side(unit.stride, 1)];
  const [above, before] = [unit.padding[0] ?? 0, unit.padding[1] ?? 0];
  const [high, wide] = [side(unit.window, 0), side(unit.window, 1)];
  if (unit.rule === 'each') return { top: row, left: column, height: 1, width: 1 };
  if (unit.rule !== 'spread') {
    return { top: row * down - above, left: column * right - before, height: high, width: wide };
  }
  // Input pixel p reaches the outputs stride * p - padding + 0 … kernel - 1: those p whose reach holds this one.
  const top = Math.ceil((row + above - high + 1) / down);
  const left = Math.ceil((column + before - wide + 1) / right);
  return {
    top,
    left,
    height: Math.floor((row + above) / down) - top + 1,
    width: Math.floor((column + before) / right) - left + 1,
  };
}

/** What input map `number` adds at an output pixel, one term for each of its pixels in the window. */
export function terms(unit: Unit, number: number, row: number, column: number): Term[] {
  const [, rows = 1, columns = 1] = unit.inputs.shape;
  const [high, wide] = [side(unit.window, 0), side(unit.window, 1)];
  const box = windowOf(unit, row, column);
  const found: Term[] = [];
  for (let down = 0; down < box.height; down++) {
    for (let along = 0; along < box.width; along++) {
      const [y, x] = [box.top + down, box.left + along];
      const inside = y >= 0 && y < rows && x >= 0 && x < columns;
      const [a, b] =
        unit.rule === 'spread'
          ? [
              row + (unit.padding[0] ?? 0) - y * side(unit.stride, 0),
              column + (unit.padding[1] ?? 0) - x * side(unit.stride, 1),
            ]
          : [down, along];
      found.push({
        row: y,
        column: x,
        inside,
        input: inside ? (unit.inputs.values[(number * rows + y) * columns + x] as number) : 0,
        weight: unit.weights === undefined ? 1 : (unit.weights.values[(number * high + a) * wide + b] as number),
      });
    }
  }
  return found;
}

/** What the terms of one input come to. */
export const added = (of: readonly Term[]): number => of.reduce((sum, { input, weight }) => sum + input * weight, 0);

/** The inputs of a unit, those that add most (up or down, over the whole map) first. */
export function heaviest(parts: Maps): number[] {
  const [count = 0] = parts.shape;
  const size = parts.values.length / Math.max(1, count);
  const weights = Array.from({ length: count }, (_, at) => {
    let sum = 0;
    for (let place = at * size; place < (at + 1) * size; place++) sum += Math.abs(parts.values[place] as number);
    return sum;
  });
  return weights.map((_, at) => at).sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
}

/** Row and column of the number farthest from 0. */
export function loudest(map: Maps): { row: number; column: number } {
  const columns = map.shape[map.shape.length - 1] ?? 1;
  let best = 0;
  for (let place = 1; place < map.values.length; place++) {
    if (Math.abs(map.values[place] as number) > Math.abs(map.values[best] as number)) best = place;
  }
  return { row: Math.floor(best / columns), column: best % columns };
}
