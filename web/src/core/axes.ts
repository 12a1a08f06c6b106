/** Axes of charts: where marks go, and from numbers to places on the screen. */

export interface Axis {
  readonly least: number;
  readonly most: number;
  readonly log: boolean;
}

/** An axis that holds all finite numbers; a logarithmic one only those above 0. */
export function axisOf(values: Iterable<number>, log = false): Axis {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value) || (log && value <= 0)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (least > most) return { least: log ? 1 : 0, most: log ? 10 : 1, log };
  if (least === most)
    return log ? { least: least / 2, most: most * 2, log } : { least: least - 0.5, most: most + 0.5, log };
  return { least, most, log };
}

/** Where a number lies on the axis, 0 to 1. */
export function along({ least, most, log }: Axis, value: number): number {
  const by = log ? Math.log : (each: number) => each;
  return (by(value) - by(least)) / (by(most) - by(least));
}

/** Round numbers to mark: powers of ten on a logarithmic axis, else steps of 1, 2 or 5, `wanted` of them or fewer. */
export function marks({ least, most, log }: Axis, wanted = 5): number[] {
  if (log) {
    const powers = [];
    for (let power = Math.ceil(Math.log10(least) - 1e-9); power <= Math.log10(most) + 1e-9; power++)
      powers.push(10 ** power);
    return powers;
  }
  const rough = (most - least) / wanted;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((each) => each * ten >= rough * (1 - 1e-9)) ?? 10) * ten;
  const found = [];
  for (let place = Math.ceil(least / step - 1e-9); place * step <= most + 1e-9 * step; place++) {
    found.push(+(place * step).toPrecision(12));
  }
  return found;
}
