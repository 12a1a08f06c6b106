// @vitest-environment node
import { describe, expect, it } from 'vitest';
import type { Attribute } from './onnx';
import { PRODUCTS } from './operators/products';
import { Attributes } from './operators/table';
import { floats, type Tensor } from './tensor';

/** A slow oracle by the definition: one number of the result after the other, one product after the other. */
function slow(x: Tensor, w: Tensor, stride: number, pad: number, dilation: number, group: number): number[] {
  const [count, channels, height, width] = x.dims as [number, number, number, number];
  const [maps, shared, tall, wide] = w.dims as [number, number, number, number];
  const [high, long] = [height, width].map(
    (side, at) => Math.floor((side + 2 * pad - dilation * ([tall, wide][at]! - 1) - 1) / stride) + 1,
  );
  const found: number[] = [];
  for (let n = 0; n < count; n++)
    for (let m = 0; m < maps; m++)
      for (let y = 0; y < high!; y++)
        for (let left = 0; left < long!; left++) {
          let sum = 0;
          for (let c = 0; c < shared; c++)
            for (let ky = 0; ky < tall; ky++)
              for (let kx = 0; kx < wide; kx++) {
                const [sy, sx] = [y * stride - pad + ky * dilation, left * stride - pad + kx * dilation];
                if (sy < 0 || sx < 0 || sy >= height || sx >= width) continue;
                const channel = Math.floor(m / (maps / group)) * shared + c;
                sum +=
                  x.data[((n * channels + channel) * height + sy) * width + sx]! *
                  w.data[((m * shared + c) * tall + ky) * wide + kx]!;
              }
          found.push(sum);
        }
  return found;
}

let state = 1;
const random = (): number => ((state = (state * 48271) % 2147483647) % 17) / 8 - 1;
const some = (...dims: number[]): Tensor =>
  floats(dims, Float32Array.from({ length: dims.reduce((a, b) => a * b) }, random));
const given = (values: Record<string, Attribute>) =>
  new Attributes({ attributes: new Map(Object.entries(values)), outputs: ['y'] });

describe('convolution', () => {
  const sizes = [
    [1, 1, 1, 1], [1, 2, 5, 7], [3, 4, 6, 3], [2, 6, 9, 9],
  ] as const; // prettier-ignore
  for (const [n, c, h, w] of sizes)
    for (const kernel of [1, 2, 3, 5])
      for (const stride of [1, 2, 3])
        for (const dilation of [1, 2])
          for (const group of c % 2 ? [1] : [1, 2, c])
            for (const pad of [0, 1, 2]) {
              if (Math.min(h, w) + 2 * pad < (kernel - 1) * dilation + 1) continue;
              it(`${n}x${c}x${h}x${w}, kernel ${kernel}, stride ${stride}, dilation ${dilation}, groups ${group}, border ${pad}`, () => {
                const [x, weight] = [some(n, c, h, w), some(group * 3, c / group, kernel, kernel)];
                const attributes = given({
                  strides: [stride, stride],
                  dilations: [dilation, dilation],
                  group,
                  pads: [pad, pad, pad, pad],
                });
                const found = PRODUCTS.Conv!([x, weight], attributes) as Tensor;
                // Eighths times eighths in doubles are exact.
                expect([...found.data]).toEqual(slow(x, weight, stride, pad, dilation, group));
              });
            }

  it('the other way is its transpose: <conv(x), y> = <x, conv transposed(y)>', () => {
    for (const [stride, pad, group] of [
      [1, 1, 1],
      [2, 1, 1],
      [2, 0, 2],
      [3, 2, 2],
    ] as const) {
      const [x, weight] = [some(1, 4, 7, 7), some(6, 4 / group, 4, 4)];
      const attributes = { strides: [stride, stride], group, pads: [pad, pad, pad, pad] };
      const there = PRODUCTS.Conv!([x, weight], given(attributes)) as Tensor;
      const y = some(...there.dims);
      const rest = (7 + 2 * pad - 4) % stride;
      const back = PRODUCTS.ConvTranspose!(
        [y, weight],
        given({ ...attributes, output_padding: [rest, rest] }),
      ) as Tensor;
      expect(back.dims).toEqual(x.dims);
      const dot = (a: Tensor, b: Tensor) => [...a.data].reduce((sum, value, at) => sum + value * b.data[at]!, 0);
      expect(dot(x, back)).toBe(dot(there, y));
    }
  });
});
