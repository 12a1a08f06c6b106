/** Ways between two codes, one point at a time: `slerp` and `lerp` of latent/path.py. */

/** Below this sine of the angle an arc is a line, and dividing by the sine would lose all digits. */
const NEARLY_PARALLEL = 1e-4;

export function lerp(start: Float32Array, end: Float32Array, share: number): Float32Array {
  return start.map((value, place) => value + share * ((end[place] as number) - value));
}

/**
 * Along the arc between two directions at even speed (Shoemake 1985), while the length changes evenly. For parallel or
 * opposite points, and for the origin, it is `lerp`.
 */
export function slerp(start: Float32Array, end: Float32Array, share: number): Float32Array {
  const [first, last] = [Math.sqrt(dot(start, start)), Math.sqrt(dot(end, end))];
  if (!first || !last) return lerp(start, end, share);
  const angle = Math.acos(Math.min(1, Math.max(-1, dot(start, end) / (first * last))));
  const sine = Math.sin(angle);
  if (sine < NEARLY_PARALLEL) return lerp(start, end, share);
  const length = ((1 - share) * first + share * last) / sine;
  const before = (length * Math.sin((1 - share) * angle)) / first;
  const after = (length * Math.sin(share * angle)) / last;
  return start.map((value, place) => before * value + after * (end[place] as number));
}

function dot(first: Float32Array, second: Float32Array): number {
  let total = 0;
  for (let place = 0; place < first.length; place++) total += (first[place] as number) * (second[place] as number);
  return total;
}
