/** Pictures brought to another size as Pillow does it: a box filter first where they shrink much, then Lanczos; bicubic up. */

/** Pixels row by row, `channels` bytes each. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly values: Uint8ClampedArray;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Filter {
  readonly reach: number;
  readonly at: (distance: number) => number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const LANCZOS: Filter = { reach: 3, at: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) };
const BICUBIC: Filter = { reach: 2, at: cubic };
const GAP = 3;

/** Keys's cubic with a = -1/2. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/** The part of a picture in `box` (which may begin between pixels) at another size. Of four channels the last is alpha. */
export function resampled(picture: Raster, width: number, height: number, box: Box = whole(picture)): Raster {
  const shrinks = box.width > width || box.height > height;
  const filter = shrinks ? LANCZOS : BICUBIC;
  const seen = picture.channels === 4 ? weighed(picture) : picture;
  const [source, part] = shrinks ? reduced(seen, width, height, box, filter.reach) : [seen, box];
  // Each pass rounds to bytes, so their order shows. This is Pillow 13's, found by trying it: LOG, 2026-11-29.
  const fall = source.height - height;
  const found =
    fall > 0 && fall > 2 * (source.width - width)
      ? across(down(source, height, part, filter), width, part, filter)
      : down(across(source, width, part, filter), height, part, filter);
  return picture.channels === 4 ? unweighed(found) : found;
}

/** Colours times alpha: what cannot be seen must not bleed into what can. */
function weighed(picture: Raster): Raster {
  const values = picture.values.map((value, at) => {
    const alpha = picture.values[at | 3]!;
    return (at & 3) === 3 ? value : Math.floor((value * alpha + 127) / 255);
  });
  return { ...picture, values };
}

function unweighed(picture: Raster): Raster {
  const values = picture.values.map((value, at) => {
    const alpha = picture.values[at | 3]!;
    return (at & 3) === 3 || alpha === 0 || alpha === 255 ? value : Math.floor((255 * value) / alpha);
  });
  return { ...picture, values };
}

const whole = ({ width, height }: Raster): Box => ({ left: 0, top: 0, width, height });

/** Means of whole blocks of pixels, as long as the result is at least three times as large as wanted. */
function reduced(picture: Raster, width: number, height: number, box: Box, reach: number): [Raster, Box] {
  const wide = Math.floor(box.width / width / GAP) || 1;
  const tall = Math.floor(box.height / height / GAP) || 1;
  if (wide === 1 && tall === 1) return [picture, box];
  // What the filter can see around the box, to whole pixels.
  const [spanX, spanY] = [((reach - 0.5) * box.width) / width, ((reach - 0.5) * box.height) / height];
  const left = Math.max(0, Math.floor(box.left - spanX));
  const top = Math.max(0, Math.floor(box.top - spanY));
  const right = Math.min(picture.width, Math.ceil(box.left + box.width + spanX));
  const bottom = Math.min(picture.height, Math.ceil(box.top + box.height + spanY));
  const [columns, rows] = [Math.ceil((right - left) / wide), Math.ceil((bottom - top) / tall)];
  const { channels } = picture;
  const values = new Uint8ClampedArray(columns * rows * channels);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let channel = 0; channel < channels; channel++) {
        const [toX, toY] = [Math.min(right, left + (column + 1) * wide), Math.min(bottom, top + (row + 1) * tall)];
        let [sum, count] = [0, 0];
        for (let y = top + row * tall; y < toY; y++)
          for (let x = left + column * wide; x < toX; x++, count++)
            sum += picture.values[(y * picture.width + x) * channels + channel]!;
        // Pillow divides in fixed point: what lies in the middle between two bytes becomes the lower one.
        const share = Math.floor(2 ** 24 / count);
        values[(row * columns + column) * channels + channel] = Math.floor(((sum + (count >> 1)) * share) / 2 ** 24);
      }
  const inner = {
    left: (box.left - left) / wide,
    top: (box.top - top) / tall,
    width: box.width / wide,
    height: box.height / tall,
  };
  return [{ width: columns, height: rows, channels, values }, inner];
}

/** For each place of the result the first number that counts, and the weights of all that do. */
function weights(
  size: number,
  from: number,
  span: number,
  out: number,
  { reach, at }: Filter,
): [number, Float64Array][] {
  const scale = Math.max(1, span / out);
  return Array.from({ length: out }, (_, place) => {
    const centre = from + ((place + 0.5) * span) / out;
    const first = Math.max(0, Math.floor(centre - reach * scale + 0.5));
    const last = Math.min(size, Math.floor(centre + reach * scale + 0.5));
    const found = Float64Array.from({ length: last - first }, (_, step) => at((first + step - centre + 0.5) / scale));
    const total = found.reduce((sum, weight) => sum + weight, 0);
    return [first, found.map((weight) => weight / total)];
  });
}

function across(picture: Raster, width: number, box: Box, filter: Filter): Raster {
  if (width === picture.width && box.left === 0 && box.width === width) return picture;
  const table = weights(picture.width, box.left, box.width, width, filter);
  const { height, channels } = picture;
  const values = new Uint8ClampedArray(width * height * channels);
  for (let y = 0; y < height; y++)
    table.forEach(([first, share], x) => {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let step = 0; step < share.length; step++)
          sum += share[step]! * picture.values[(y * picture.width + first + step) * channels + channel]!;
        values[(y * width + x) * channels + channel] = Math.floor(sum + 0.5);
      }
    });
  return { width, height, channels, values };
}

function down(picture: Raster, height: number, box: Box, filter: Filter): Raster {
  if (height === picture.height && box.top === 0 && box.height === height) return picture;
  const table = weights(picture.height, box.top, box.height, height, filter);
  const row = picture.width * picture.channels;
  const values = new Uint8ClampedArray(row * height);
  table.forEach(([first, share], y) => {
    for (let at = 0; at < row; at++) {
      let sum = 0;
      for (let step = 0; step < share.length; step++) sum += share[step]! * picture.values[(first + step) * row + at]!;
      values[y * row + at] = Math.floor(sum + 0.5);
    }
  });
  return { ...picture, height, values };
}
