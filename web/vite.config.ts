import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// `npm run build` writes where the Python package serves from; the wheel carries that folder.
// `npm run dev` serves the page at its own port and passes calls on: set STUDIO to the studio's address.
export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: '../src/nonesuch/studio/static',
    emptyOutDir: true,
    // Nothing inline: the studio's content security policy allows its own files only.
    assetsInlineLimit: 0,
    // These know light-dark(); for older ones it would be rewritten so that the theme button does nothing.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': process.env.STUDIO ?? 'http://127.0.0.1:8765' } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
  // Vitest would otherwise take Svelte's server build, which mounts nothing.
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
});
