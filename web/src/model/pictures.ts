/** Between pictures as browsers have them and what nets take and give; the same as nonesuch's pixels.py and data/decode.py. */

import type { Manifest } from './manifest';
import { resampled, type Raster } from './resample';
import { floats, type Tensor } from './tensor';

/** What a net drew, like ImageData: RGBA bytes row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** What a net is shown: ImageData or the like, or anything that a canvas can draw. */
export type Shown = Picture | ImageData | CanvasImageSource;

const SHARP_UP_TO = 32;

/** Pictures (N, C, H, W) in [-1, 1] as RGBA bytes. */
export function drawn(images: Tensor): Picture[] {
  const [count, channels, height, width] = images.dims as [number, number, number, number];
  const area = height * width;
  return Array.from({ length: count }, (_, number) => {
    const data = new Uint8ClampedArray(area * 4);
    for (let at = 0; at < area; at++) {
      for (let channel = 0; channel < 4; channel++) {
        const plane = channel === 3 ? (channels === 4 ? 3 : -1) : channels < 3 ? 0 : channel;
        // A clamped array rounds halves to even, as torch does, and makes 0 of NaN.
        data[at * 4 + channel] =
          plane < 0 ? 255 : Math.fround((images.data[(number * channels + plane) * area + at]! + 1) * 127.5);
      }
    }
    return { width, height, data };
  });
}

/** A picture brought to the net's size and channels, (1, C, H, W) in [-1, 1]. */
export function shown(picture: Shown, { picture: wanted, fit }: Pick<Manifest, 'picture' | 'fit'>): Tensor {
  const fitted = fittedTo(rasterOf(picture), wanted.width, wanted.height, fit, wanted.channels);
  const [area, channels] = [wanted.width * wanted.height, wanted.channels];
  const found = new Float32Array(area * channels);
  for (let channel = 0; channel < channels; channel++)
    for (let at = 0; at < area; at++) found[channel * area + at] = fitted.values[at * channels + channel]! / 127.5 - 1;
  return floats([1, channels, wanted.height, wanted.width], found);
}

function rasterOf(picture: Shown): Raster {
  if ('data' in picture && 'width' in picture) {
    const { width, height, data } = picture;
    return { width, height, channels: 4, values: data as Uint8ClampedArray };
  }
  const [width, height] = sizeOf(picture);
  if (!width || !height) throw new Error('The picture has no pixels yet: wait until it is loaded.');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const drawing = canvas.getContext('2d', { willReadFrequently: true })!;
  drawing.drawImage(picture, 0, 0);
  return { width, height, channels: 4, values: drawing.getImageData(0, 0, width, height).data };
}

function sizeOf(source: CanvasImageSource): [number, number] {
  if (source instanceof HTMLVideoElement) return [source.videoWidth, source.videoHeight];
  if (source instanceof HTMLImageElement) return [source.naturalWidth, source.naturalHeight];
  if ('displayWidth' in source) return [source.displayWidth, source.displayHeight];
  return [Number(source.width), Number(source.height)];
}

/** To so many pixels and channels, as `fit` in nonesuch/data/decode.py. RGBA bytes in. */
export function fittedTo(
  picture: Raster,
  width: number,
  height: number,
  how: Manifest['fit'],
  channels: Manifest['picture']['channels'],
): Raster {
  const source = channels === 4 ? picture : opaque(picture, channels);
  if (source.width === width && source.height === height) return source;
  if (how === 'crop') return covering(source, width, height);
  return how === 'pad' ? padded(source, width, height) : resized(source, width, height);
}

/** Alpha laid onto white, and colour as grey by ITU-R BT.601 where one channel is wanted. */
function opaque({ width, height, values }: Raster, channels: 1 | 3): Raster {
  const found = new Uint8ClampedArray(width * height * channels);
  for (let at = 0; at < width * height; at++) {
    const alpha = values[at * 4 + 3]!;
    const [red, green, blue] = [0, 1, 2].map((channel) =>
      Math.floor((values[at * 4 + channel]! * alpha + 255 * (255 - alpha) + 127) / 255),
    ) as [number, number, number];
    if (channels === 3) found.set([red, green, blue], at * 3);
    else found[at] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  }
  return { width, height, channels, values: found };
}

function covering(picture: Raster, width: number, height: number): Raster {
  const byHeight = height * picture.width >= width * picture.height;
  const tall = byHeight ? picture.height : (height * picture.width) / width;
  const wide = byHeight ? (width * picture.height) / height : picture.width;
  const [top, left] = [(picture.height - tall) / 2, (picture.width - wide) / 2];
  if (tall <= height && Number.isInteger(tall) && Number.isInteger(wide)) {
    // Whole pixels stay whole: an offset of half a pixel would blur what need not be touched.
    return resized(cut(picture, Math.floor(left), Math.floor(top), wide, tall), width, height);
  }
  return resampled(picture, width, height, { left, top, width: wide, height: tall });
}

function cut(
  { width: whole, channels, values }: Raster,
  left: number,
  top: number,
  width: number,
  height: number,
): Raster {
  const found = new Uint8ClampedArray(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * whole + left) * channels;
    found.set(values.subarray(from, from + width * channels), y * width * channels);
  }
  return { width, height, channels, values: found };
}

function padded(picture: Raster, width: number, height: number): Raster {
  const scale = Math.min(height / picture.height, width / picture.width);
  const even = (size: number) => Math.max(1, rounded(size * scale));
  const inner = resized(picture, even(picture.width), even(picture.height));
  const { channels } = inner;
  const found = new Uint8ClampedArray(width * height * channels);
  const border = channels === 4 ? [0, 0, 0, 0] : medians(picture);
  for (let at = 0; at < width * height; at++) found.set(border, at * channels);
  const [top, left] = [Math.floor((height - inner.height) / 2), Math.floor((width - inner.width) / 2)];
  const row = inner.width * channels;
  for (let y = 0; y < inner.height; y++)
    found.set(inner.values.subarray(y * row, (y + 1) * row), ((top + y) * width + left) * channels);
  return { width, height, channels, values: found };
}

/** The middle value of each channel along the border; corners count twice, as in Python. */
function medians({ width, height, channels, values }: Raster): number[] {
  const spots: number[] = [];
  for (let x = 0; x < width; x++) spots.push(x, (height - 1) * width + x);
  for (let y = 0; y < height; y++) spots.push(y * width, y * width + width - 1);
  return Array.from({ length: channels }, (_, channel) => {
    const sorted = spots.map((spot) => values[spot * channels + channel]!).sort((a, b) => a - b);
    // There is an even number of them: the mean of the middle two.
    return rounded((sorted[spots.length / 2 - 1]! + sorted[spots.length / 2]!) / 2);
  });
}

/** Halves to even, as Python rounds. */
function rounded(value: number): number {
  const near = Math.round(value);
  return near - value === 0.5 && near % 2 ? near - 1 : near;
}

function resized(picture: Raster, width: number, height: number): Raster {
  const [across, down] = [width / picture.width, height / picture.height];
  if (across === 1 && down === 1) return picture;
  const sharp = Math.max(picture.width, picture.height) <= SHARP_UP_TO;
  if (!sharp || !Number.isInteger(across) || !Number.isInteger(down)) return resampled(picture, width, height);
  const { channels } = picture;
  const values = new Uint8ClampedArray(width * height * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = (Math.floor(y / down) * picture.width + Math.floor(x / across)) * channels;
      values.set(picture.values.subarray(from, from + channels), (y * width + x) * channels);
    }
  return { width, height, channels, values };
}
