/** Colour scales for numbers. Signed ones have white at 0 and can be told apart by the colour-blind (ColorBrewer's). */

export type Colour = readonly [number, number, number];

/** `signed` scales run from -most over 0 to most, the others from least to most. */
export interface Scale {
  readonly signed: boolean;
  readonly stops: readonly Colour[];
}

// prettier-ignore
export const SCALES = {
  maps: { signed: true, stops: [[33, 102, 172], [103, 169, 207], [209, 229, 240], [247, 247, 247], [253, 219, 199], [239, 138, 98], [178, 24, 43]] },
  weights: { signed: true, stops: [[140, 81, 10], [216, 179, 101], [246, 232, 195], [245, 245, 245], [199, 234, 229], [90, 180, 172], [1, 102, 94]] },
  realness: { signed: true, stops: [[118, 42, 131], [175, 141, 195], [231, 212, 232], [247, 247, 247], [217, 240, 211], [127, 191, 123], [27, 120, 55]] },
  grey: { signed: false, stops: [[0, 0, 0], [255, 255, 255]] },
  heat: { signed: false, stops: [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]] },
} as const satisfies Record<string, Scale>;

export type ScaleName = keyof typeof SCALES;

/** A set of colours for classes and series, distinct for the colour-blind (Okabe and Ito 2008), on light and dark. */
// prettier-ignore
export const CLASS_COLOURS: readonly Colour[] = [
  [0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [86, 180, 233], [213, 94, 0], [150, 140, 20], [120, 120, 120],
];

/** Where a value lies on a scale from `least` to `most`, 0 to 1; the middle of a signed scale is 0. */
export function share(scale: Scale, value: number, least: number, most: number): number {
  if (!Number.isFinite(value)) return scale.signed ? 0.5 : 0;
  const far = Math.max(Math.abs(least), Math.abs(most));
  const [low, high] = scale.signed ? [-far, far] : [least, most];
  if (high <= low) return scale.signed ? 0.5 : 0;
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/** The colour at a share of a scale, straight between its stops. */
export function at(scale: Scale, place: number): Colour {
  const along = Math.min(1, Math.max(0, place)) * (scale.stops.length - 1);
  const before = Math.min(Math.floor(along), scale.stops.length - 2);
  const [from, to] = [scale.stops[before] as Colour, scale.stops[before + 1] as Colour];
  const mix = (channel: 0 | 1 | 2) => Math.round(from[channel] + (along - before) * (to[channel] - from[channel]));
  return [mix(0), mix(1), mix(2)];
}

/** Numbers as RGBA bytes, one pixel a number. */
export function painted(
  scale: Scale,
  values: ArrayLike<number>,
  least: number,
  most: number,
): Uint8ClampedArray<ArrayBuffer> {
  const table = Array.from({ length: 256 }, (_, index) => at(scale, index / 255));
  const bytes = new Uint8ClampedArray(values.length * 4);
  for (let place = 0; place < values.length; place++) {
    const [red, green, blue] = table[Math.round(share(scale, values[place] as number, least, most) * 255)] as Colour;
    bytes.set([red, green, blue, 255], place * 4);
  }
  return bytes;
}

/** Pixels of `channels` (1 grey, 3 colour, 4 with alpha) values from 0 to 255 as RGBA bytes. */
export function pixels(values: ArrayLike<number>, channels: number): Uint8ClampedArray<ArrayBuffer> {
  const count = values.length / channels;
  const bytes = new Uint8ClampedArray(count * 4);
  for (let place = 0; place < count; place++) {
    for (let channel = 0; channel < 4; channel++) {
      const from = channel === 3 ? (channels === 4 ? 3 : -1) : channels < 3 ? 0 : channel;
      bytes[place * 4 + channel] = from < 0 ? 255 : (values[place * channels + from] as number);
    }
  }
  return bytes;
}

/** Black or white, whichever reads better on a colour (WCAG 2 relative luminance). */
export function inkOn([red, green, blue]: Colour): 'black' | 'white' {
  const linear = (byte: number) => {
    const part = byte / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) > 0.179 ? 'black' : 'white';
}
