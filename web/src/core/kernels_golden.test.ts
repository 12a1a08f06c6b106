import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fromAcf, toAcf } from './acf';
import { partsOf, stages, stepsOf, textOf } from './chains';
import { blocks, type Edge, type Kernel, kernel, type Planes, spelled } from './kernels';
import { slider } from './sliding';

type Written = Pick<Kernel, 'scale' | 'offset' | 'stride' | 'edge'> & { weights: number[][] | number[][][] };
interface Golden {
  cases: { kernel: Written; shape: [number, number, number]; picture: string; bytes: string; values: string }[];
  presets: Record<string, Written>;
  formulas: { text: string; kernel: Written }[];
  chains: {
    text: string;
    edge: Edge;
    shape: [number, number, number];
    picture: string;
    stages: { words: string; shape: number[]; values: string }[];
  }[];
  acf: { kernel: Written; hex: string }[];
}
const golden: Golden = JSON.parse(readFileSync('../contracts/golden/kernels.json', 'utf8'));

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const floatsOf = (text: string) => new Float32Array(bytesOf(text).buffer);
const read = ({ weights, ...rest }: Written): Kernel => kernel(weights, rest);

/** Pixels (H, W, C) as planes, divided by `unit`. */
function planesOf(pixels: Uint8Array, [height, width, channels]: readonly [number, number, number], unit = 1): Planes {
  const values = new Float32Array(pixels.length);
  for (let place = 0; place < pixels.length; place++) {
    values[(place % channels) * height * width + Math.floor(place / channels)] = pixels[place]! / unit;
  }
  return { channels, height, width, values };
}

const sliding = slider();

test.each(golden.cases.map((each, number) => ({ ...each, number })))(
  'kernel $number has the bytes and numbers of Python',
  (each) => {
    const found = read(each.kernel);
    const picture = bytesOf(each.picture);
    const [height, width, channels] = each.shape;
    const drawn = sliding.canvas(found, { height, width, step: channels, values: picture }, channels as 1 | 3);
    const made = found.across ? 1 : channels;
    const kept = drawn.filter((_, place) => place % 4 < made);
    expect([...kept]).toEqual([...bytesOf(each.bytes)]);
    const planes = planesOf(picture, each.shape);
    const result = sliding.planes(found, planes);
    const expected = floatsOf(each.values);
    expect(result.values.length).toBe(expected.length);
    const largest = Math.max(...expected.map(Math.abs));
    result.values.forEach((value, place) =>
      expect(Math.abs(value - expected[place]!)).toBeLessThan(1e-5 * largest + 1e-4),
    );
    for (const place of [0, result.values.length - 1, result.values.length >> 1]) {
      const [x, row] = [place % result.width, Math.floor(place / result.width)];
      const { value } = spelled(found, planes, x, row % result.height, Math.floor(row / result.height));
      expect(value).toBeCloseTo(expected[place]!, 2);
    }
  },
);

test('a frame in two halves is the frame', () => {
  for (const each of golden.cases) {
    const [height, width, channels] = each.shape;
    const picture = { height, width, step: channels, values: bytesOf(each.picture) };
    const found = read(each.kernel);
    const high = Math.ceil(height / found.stride);
    const whole = sliding.canvas(found, picture, channels as 1 | 3);
    const halves = [[0, high >> 1] as const, [high >> 1, high] as const].map((rows) =>
      sliding.canvas(found, picture, channels as 1 | 3, rows),
    );
    expect(halves.flatMap((half) => [...half])).toEqual([...whole]);
  }
});

test.each(golden.formulas)('$text has the weights of Python', ({ text, kernel: written }) => {
  const [step] = stepsOf(partsOf(text), new Map());
  const [found, expected] = [step!.does as Kernel, read(written)];
  expect(found.side).toBe(expected.side);
  found.weights.forEach((weight, place) => expect(weight).toBeCloseTo(expected.weights[place]!, 6));
});

test.each(golden.chains)(
  'each stage of “$text” has the numbers of Python',
  ({ text, edge, shape, picture, stages: expected }) => {
    const named = new Map(Object.entries(golden.presets).map(([name, written]) => [name, read(written)]));
    const found = stages(stepsOf(partsOf(text), named, edge), planesOf(bytesOf(picture), shape, 255));
    expect(found.slice(1).map(({ words, planes }) => [words, [planes.channels, planes.height, planes.width]])).toEqual(
      expected.map((stage) => [stage.words, stage.shape]),
    );
    found.slice(1).forEach(({ planes }, at) => {
      const wanted = floatsOf(expected[at]!.values);
      planes.values.forEach((value, place) =>
        expect(Math.abs(value - wanted[place]!)).toBeLessThan(2e-5 * (1 + Math.abs(wanted[place]!))),
      );
    });
    expect(textOf(partsOf(text))).toBe(text);
  },
);

test.each(golden.acf)('an .acf file is the same bytes as in Python: $hex', ({ kernel: written, hex }) => {
  const bytes = Buffer.from(toAcf(read(written))).toString('hex');
  expect(bytes).toBe(hex);
  const back = fromAcf(new Uint8Array(Buffer.from(hex, 'hex')).buffer);
  expect(Buffer.from(toAcf(back)).toString('hex')).toBe(hex);
  expect([back.scale, back.offset, blocks(back)[0]!.length]).toEqual([written.scale, written.offset, 5]);
});
