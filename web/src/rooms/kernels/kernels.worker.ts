/** One hand of the crew: some rows of a camera's picture under a kernel. */
import type { Kernel } from '../../core/kernels';
import { type Bytes, slider } from '../../core/sliding';

export interface Order {
  readonly kernel: Kernel;
  readonly picture: Bytes;
  readonly channels: 1 | 3;
  readonly rows: readonly [number, number];
}

const sliding = slider();

onmessage = ({ data }: MessageEvent<Order>) => {
  const drawn = sliding.canvas(data.kernel, data.picture, data.channels, data.rows);
  postMessage(drawn, { transfer: [drawn.buffer] });
};
