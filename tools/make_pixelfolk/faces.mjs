// Prints one JSON line a face: its seed, its SVG and the true choices of the generator.
// Usage: node faces.mjs COUNT
import { createAvatar } from '@dicebear/core';
import * as pixelArt from '@dicebear/pixel-art';

const count = Number(process.argv[2]);
for (let i = 0; i < count; i++) {
  const seed = `pixelfolk-${i}`;
  const { svg, extra } = createAvatar(pixelArt, { seed }).toJson();
  process.stdout.write(JSON.stringify({ seed, svg, extra }) + '\n');
}
