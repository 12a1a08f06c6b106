import { copyFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

const OUT = '../src/nonesuch/exporting/static';
const WASM = 'ort-wasm-simd-threaded.wasm';

/**
 * What ONNX Runtime Web makes of addresses, mended where it is built in.
 *
 * It names its .wasm by an address that vite would take for a file to be built in, fourteen megabytes of it. We hand the
 * bytes over ourselves (src/model/onnxruntime.ts), so the address may stay a name.
 *
 * And of a module whose address begins with file: it believes that a bundler wrote it there, and asks for the page's
 * origin instead: in Firefox that is "null" for a page from a disk, which is no address, so nothing would compute. Here
 * a module's address is always its own.
 */
export const addressesMended: Plugin = {
  name: 'addresses-mended',
  enforce: 'pre',
  transform(code, id) {
    if (!id.includes('onnxruntime-web')) return;
    return {
      code: code
        .replaceAll(`new URL("${WASM}",import.meta.url)`, `new URL("${WASM}",location)`)
        .replaceAll('import.meta.url>"file:"&&import.meta.url<"file;"', 'false'),
      map: null,
    };
  },
};

// The module that stands beside an exported net: one file without imports (src/model/index.ts), and the .wasm that it
// asks for where a net is too large for the tiny runtime.
export default defineConfig({
  plugins: [
    addressesMended,
    {
      name: 'wasm-beside',
      closeBundle: () =>
        copyFileSync(new URL(`node_modules/onnxruntime-web/dist/${WASM}`, import.meta.url), `${OUT}/${WASM}`),
    },
  ],
  publicDir: false,
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: ['chrome123', 'firefox120', 'safari17.5'],
    lib: { entry: 'src/model/index.ts', formats: ['es'], fileName: () => 'nonesuch.js' },
    rolldownOptions: { output: { codeSplitting: false } },
  },
});
