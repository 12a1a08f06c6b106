/** A camera's pictures under a kernel, in bands on as many workers as pay; the page itself stays free to be clicked. */
import { type Kernel, places } from '../../core/kernels';
import type { Bytes } from '../../core/sliding';
import type { Order } from './kernels.worker';

const MOST = 4;

export interface Band {
  /** The first row of the result. */
  readonly row: number;
  readonly values: Uint8ClampedArray<ArrayBuffer>;
}

export class Crew {
  private readonly hands: Worker[];

  constructor(count = Math.max(1, Math.min(MOST, navigator.hardwareConcurrency))) {
    this.hands = Array.from(
      { length: count },
      () => new Worker(new URL('./kernels.worker.ts', import.meta.url), { type: 'module' }),
    );
  }

  /** The whole result in bands. One picture at a time: wait for it before the next. */
  async draw(kernel: Kernel, picture: Bytes, channels: 1 | 3): Promise<readonly Band[]> {
    const high = places(picture.height, kernel.stride);
    const each = Math.ceil(high / this.hands.length);
    return Promise.all(
      this.hands.map((hand, number) => {
        const rows = [Math.min(high, number * each), Math.min(high, (number + 1) * each)] as const;
        return rows[0] < rows[1]
          ? this.order(hand, { kernel, picture, channels, rows })
          : { row: high, values: new Uint8ClampedArray(0) };
      }),
    );
  }

  private order(hand: Worker, order: Order): Promise<Band> {
    return new Promise((done, failed) => {
      hand.onmessage = ({ data }: MessageEvent<Uint8ClampedArray<ArrayBuffer>>) =>
        done({ row: order.rows[0], values: data });
      hand.onerror = (event) => failed(new Error(event.message));
      hand.postMessage(order);
    });
  }

  close(): void {
    this.hands.forEach((hand) => hand.terminate());
  }
}
