import { copyFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { addressesMended } from './vite.model.config';

// The published page: one module and one style sheet without hashes in their names, so that Python can put them into a
// site folder or inline them; and the template page.html as it stands, whose comment says how it is filled.
const OUT = '../src/nonesuch/publishing/static';

export default defineConfig({
  plugins: [
    svelte(),
    addressesMended,
    { name: 'template', closeBundle: () => copyFileSync(new URL('page.html', import.meta.url), `${OUT}/page.html`) },
  ],
  publicDir: false,
  build: {
    outDir: OUT,
    emptyOutDir: true,
    // Nothing may be fetched but the model: small files go inline, and dynamic imports become part of the one module.
    assetsInlineLimit: 0,
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: 'src/page/main.ts',
      output: { format: 'es', codeSplitting: false, entryFileNames: 'page.js', assetFileNames: 'page[extname]' },
    },
  },
});
