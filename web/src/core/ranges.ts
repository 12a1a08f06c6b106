/** Which numbers the colours of a unit's map span: its own, those of its layer, or those of the whole net. */

export type Span = 'unit' | 'layer' | 'net';

export interface Ends {
  readonly lows: readonly (number | null)[];
  readonly highs: readonly (number | null)[];
}

const least = (values: readonly (number | null)[]) =>
  values.reduce<number>((low, value) => Math.min(low, value ?? 0), Infinity);
const most = (values: readonly (number | null)[]) =>
  values.reduce<number>((high, value) => Math.max(high, value ?? 0), -Infinity);

/** The least and the greatest number that the colours of a unit stand for. */
export function spanOf(span: Span, net: readonly Ends[], layer: number, unit: number): readonly [number, number] {
  const own = net[layer];
  if (own === undefined || own.lows.length === 0) return [0, 0];
  if (span === 'unit') return [own.lows[unit] ?? 0, own.highs[unit] ?? 0];
  if (span === 'layer') return [least(own.lows), most(own.highs)];
  const filled = net.filter(({ lows }) => lows.length > 0);
  return [Math.min(...filled.map(({ lows }) => least(lows))), Math.max(...filled.map(({ highs }) => most(highs)))];
}

/** Numbers from bytes that lie between a unit's least and greatest: as fine as colours are. */
export function unpacked(bytes: ArrayLike<number>, low: number, high: number): Float32Array {
  return Float32Array.from(
    { length: bytes.length },
    (_, place) => low + ((high - low) * (bytes[place] as number)) / 255,
  );
}
