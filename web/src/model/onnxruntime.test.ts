// @vitest-environment node
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addressesMended } from '../../vite.model.config';

const BUNDLE = 'node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs';
const own = readFileSync(BUNDLE, 'utf8');
const mended = (addressesMended.transform as (code: string, id: string) => { code: string })(own, BUNDLE).code;

describe('ONNX Runtime Web from a disk', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nonesuch-'));
    // As Firefox has it for a page that was opened as file://.
    vi.stubGlobal('location', { href: 'file:///people.html', origin: 'null' });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    rmSync(folder, { recursive: true });
  });

  // A file's import.meta.url begins with file: here too.
  const imported = (code: string): Promise<object> => {
    const file = join(folder, 'ort.mjs');
    // Its map stays where it is.
    writeFileSync(file, code.replace(/^\/\/# sourceMappingURL=.*$/m, ''));
    return import(/* @vite-ignore */ pathToFileURL(file).href) as Promise<object>;
  };

  it('starts in Firefox once its addresses are mended', async () => {
    expect(await imported(mended)).toHaveProperty('InferenceSession');
  });

  it('still needs that: else the mending may go', async () => {
    await expect(imported(own)).rejects.toThrow('Invalid URL');
  });

  it('asks for no file at an address that vite would build in', () => {
    expect(mended).not.toMatch(/new URL\("[^"]*\.wasm",import\.meta\.url\)/);
  });
});
