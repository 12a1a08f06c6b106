/** What both runtimes are to the rest: a graph that is opened once and run many times. */

import type { Tensor } from './tensor';

export type Feeds = Readonly<Record<string, Tensor>>;
export type RuntimeName = 'onnx' | 'tiny';

export interface Session {
  readonly runtime: RuntimeName;
  /** All outputs by name. Inputs with a default may be left out. Throws RangeError where a needed one is missing. */
  run(feeds: Feeds): Promise<Readonly<Record<string, Tensor>>>;
}
