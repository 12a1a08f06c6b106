/** Convolution as the filter of an image editor, the same as nonesuch/lens/kernels.py: one kernel as a value.
 *
 * A kernel slides as it is, which is called cross-correlation; `turned` by 180 degrees it is true convolution. What a
 * place of the result is, is sum(weights * pixels) / scale + offset, in the units of the picture it is laid on.
 */

export const EDGES = ['zero', 'reflect', 'replicate', 'wrap'] as const;
export type Edge = (typeof EDGES)[number];

export interface Kernel {
  /** An odd number: 3 for 3x3. */
  readonly side: number;
  /** 0: laid over every channel by itself. Otherwise how many channels it spans and sums to one map. */
  readonly across: number;
  /** side * side numbers row by row, once or for each channel it spans. */
  readonly weights: readonly number[];
  readonly scale: number;
  readonly offset: number;
  readonly stride: number;
  readonly edge: Edge;
}

/** Maps one after the other, each row by row. */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array;
}

const RANK_ONE = 1e-6;

export function kernel(
  weights: readonly (readonly number[])[] | readonly (readonly (readonly number[])[])[],
  rest: Partial<Kernel> = {},
): Kernel {
  const across = Array.isArray(weights[0]?.[0]) ? weights.length : 0;
  const side = across ? (weights[0] as readonly unknown[]).length : weights.length;
  const flat = weights.flat(2) as number[];
  return { scale: 1, offset: 0, stride: 1, edge: 'zero', ...rest, side, across, weights: flat };
}

/** Weights row by row, for each channel that it spans, as kernels are written in the api. */
export function blocks({ side, weights }: Kernel): number[][][] {
  return Array.from({ length: weights.length / side ** 2 }, (_, block) =>
    Array.from({ length: side }, (_, row) =>
      weights.slice((block * side + row) * side, (block * side + row + 1) * side),
    ),
  );
}

/** Turned by 180 degrees: sliding this is true convolution with the kernel. */
export function turned(found: Kernel): Kernel {
  const area = found.side ** 2;
  const weights = found.weights.map((_, place) => {
    const within = place % area;
    return found.weights[place - within + area - 1 - within] as number;
  });
  return { ...found, weights };
}

/** A column and a row whose products are the weights; null where there are none. Those through the largest weight. */
export function separated({ side, across, weights }: Kernel): { column: number[]; row: number[] } | null {
  if (across) return null;
  let largest = 0;
  for (let place = 1; place < weights.length; place++) {
    if (Math.abs(weights[place] as number) > Math.abs(weights[largest] as number)) largest = place;
  }
  const middle = weights[largest] as number;
  const [top, left] = [Math.floor(largest / side), largest % side];
  const row = weights.slice(top * side, (top + 1) * side);
  const column = Array.from({ length: side }, (_, at) => (weights[at * side + left] as number) / (middle || 1));
  const isProduct = weights.every((weight, place) => {
    const product = (column[Math.floor(place / side)] as number) * (row[place % side] as number);
    return Math.abs(product - weight) <= RANK_ONE * Math.abs(middle);
  });
  return isProduct ? { column, row } : null;
}

/** Which of `count` rows or columns stands at a place, also outside of them; -1 for zeros. */
export function standing(at: number, count: number, edge: Edge): number {
  if (at >= 0 && at < count) return at;
  if (edge === 'zero') return -1;
  if (edge === 'replicate') return at < 0 ? 0 : count - 1;
  if (edge === 'wrap') return ((at % count) + count) % count;
  return at < 0 ? -at : 2 * (count - 1) - at;
}

/** Why a kernel cannot be laid on such a picture, in a person's words; null when it can. */
export function misfit(found: Kernel, channels: number, height: number, width: number): string | null {
  if (found.scale === 0)
    return 'The sum is divided by the scale, and nothing can be divided by 0. Give 1, or the sum of the weights.';
  if (found.across && found.across !== channels) {
    return `This kernel spans ${found.across} channels; the picture has ${channels}.`;
  }
  const reach = found.side >> 1;
  const needed = found.edge === 'reflect' ? reach + 1 : found.edge === 'wrap' ? reach : 1;
  if (Math.min(height, width) < needed) {
    return `A ${found.side}×${found.side} kernel with this edge rule needs at least ${needed} pixels on each side; the picture has ${width}×${height}. Take “replicate”.`;
  }
  return null;
}

/** Why a stride does not come out even on a picture; null when it does. The last window then hangs over the edge. */
export function unevenStride(stride: number, height: number, width: number): string | null {
  if (!Number.isInteger(stride) || stride < 1) return `A stride is a whole number of at least 1, not ${stride}.`;
  if (stride > Math.min(height, width))
    return `A stride of ${stride} leaps over the whole picture of ${width}×${height} pixels.`;
  const odd = [width, height].filter((side) => side % stride);
  if (odd.length === 0) return null;
  return `A stride of ${stride} does not fit: ${odd[0]} pixels are ${Math.floor((odd[0] as number) / stride)} steps and ${(odd[0] as number) % stride} left over, so the last window stands for less.`;
}

/** How many places a result has along a side. */
export const places = (side: number, stride: number): number => Math.ceil(side / stride);

export interface Term {
  readonly channel: number;
  /** Where the pixel is; outside of the picture it is that which the edge rule puts there, or none. */
  readonly x: number;
  readonly y: number;
  readonly outside: boolean;
  readonly weight: number;
  readonly pixel: number;
  readonly product: number;
}

export interface Sum {
  readonly terms: readonly Term[];
  readonly total: number;
  /** total / scale + offset. */
  readonly value: number;
}

/** One number of the result spelled out: place (x, y) of the result, of one channel or across all. */
export function spelled(found: Kernel, planes: Planes, x: number, y: number, channel = 0): Sum {
  const { side, stride, edge } = found;
  const reach = side >> 1;
  const terms: Term[] = [];
  const spanned = found.across || 1;
  for (let block = 0; block < spanned; block++) {
    const plane = found.across ? block : channel;
    for (let place = 0; place < side * side; place++) {
      const weight = found.weights[block * side * side + place] as number;
      const [px, py] = [x * stride + (place % side) - reach, y * stride + Math.floor(place / side) - reach];
      const [sx, sy] = [standing(px, planes.width, edge), standing(py, planes.height, edge)];
      const inside = sx >= 0 && sy >= 0;
      const pixel = inside ? (planes.values[(plane * planes.height + sy) * planes.width + sx] as number) : 0;
      const outside = px < 0 || py < 0 || px >= planes.width || py >= planes.height;
      terms.push({
        channel: plane,
        x: inside ? sx : px,
        y: inside ? sy : py,
        outside,
        weight,
        pixel,
        product: weight * pixel,
      });
    }
  }
  const total = terms.reduce((sum, term) => sum + term.product, 0);
  return { terms, total, value: total / found.scale + found.offset };
}
