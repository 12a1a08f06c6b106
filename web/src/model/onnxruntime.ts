/** ONNX Runtime Web, loaded when it is first needed: WebAssembly, one thread, nothing of it fetched from elsewhere. */

import type { InferenceSession } from 'onnxruntime-web/wasm';
import type { Session } from './session';
import { isWhole, type Tensor } from './tensor';

type Library = typeof import('onnxruntime-web/wasm');

let library: Promise<Library> | undefined;

/**
 * Opens an .onnx file. `wasm` gives the bytes of ort-wasm-simd-threaded.wasm, and is asked once.
 *
 * Threads need a page that is cross-origin isolated, which most hosts do not offer, and a script of their own, which a
 * single file has not: one thread is what works everywhere.
 */
export async function openOnnx(bytes: Uint8Array, wasm: () => Promise<ArrayBuffer>): Promise<Session> {
  const { InferenceSession, Tensor: Sent } = await started(wasm);
  const session = await InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  const sent = (tensor: Tensor) =>
    isWhole(tensor)
      ? new Sent(
          'int64',
          BigInt64Array.from(tensor.data, (value) => BigInt(value)),
          tensor.dims,
        )
      : new Sent('float32', tensor.data as Float32Array, tensor.dims);
  // One run at a time: a session cannot be entered twice.
  let last: Promise<unknown> = Promise.resolve();
  return {
    runtime: 'onnx',
    run(feeds) {
      const missing = session.inputNames.find((name) => !feeds[name]);
      if (missing) return Promise.reject(new RangeError(`the graph needs its input ${missing}`));
      const asked = Object.fromEntries(session.inputNames.map((name) => [name, sent(feeds[name]!)]));
      const next = last.then(() => session.run(asked));
      last = next.catch(() => undefined);
      return next.then(received);
    },
  };
}

function started(wasm: () => Promise<ArrayBuffer>): Promise<Library> {
  // The library is one for the page; what failed may be tried again.
  library ??= start(wasm).catch((error: unknown) => {
    library = undefined;
    throw error;
  });
  return library;
}

async function start(wasm: () => Promise<ArrayBuffer>): Promise<Library> {
  if (typeof WebAssembly === 'undefined') throw new Error('This browser runs no WebAssembly.');
  const [found, bytes] = await Promise.all([import('onnxruntime-web/wasm'), wasm()]);
  found.env.wasm.numThreads = 1;
  found.env.wasm.proxy = false;
  found.env.wasm.wasmBinary = bytes;
  return found;
}

const received = (found: InferenceSession.OnnxValueMapType): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(found).map(([name, { dims, data }]) => [name, { dims, data: data as Float32Array }]),
  );
