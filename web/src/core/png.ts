/** PNG files from pixels, with texts about the picture inside: colour or colour with alpha, 8 bits, one pass. */

export interface Note {
  readonly key: string;
  readonly text: string;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const COLOUR = 2;
const COLOUR_WITH_ALPHA = 6;
const UP = 2;

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let word = byte;
  for (let bit = 0; bit < 8; bit++) word = word & 1 ? 0xedb88320 ^ (word >>> 1) : word >>> 1;
  return word;
});

/** The checksum of a chunk (ISO 3309), an unsigned 32-bit word. */
export function crc32(bytes: Uint8Array): number {
  let word = 0xffffffff;
  for (const byte of bytes) word = (CRC[(word ^ byte) & 0xff] as number) ^ (word >>> 8);
  return (word ^ 0xffffffff) >>> 0;
}

/**
 * RGBA bytes, 4 width height of them, as a PNG file; a picture without a see-through pixel goes without alpha.
 * `notes` become tEXt entries where Latin-1 can hold them and iTXt entries elsewhere; keys are 1 to 79 ASCII letters.
 */
export async function png(
  { width, height, data }: { width: number; height: number; data: ArrayLike<number> },
  notes: readonly Note[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  if (data.length !== 4 * width * height) throw new Error(`${data.length} bytes for ${width} x ${height} pixels`);
  let alpha = false;
  for (let at = 3; at < data.length && !alpha; at += 4) alpha = data[at] !== 255;
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set([8, alpha ? COLOUR_WITH_ALPHA : COLOUR, 0, 0, 0], 8);
  const pixels = await deflated(filtered(width, height, data, alpha ? 4 : 3));
  return joined([
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', header),
    ...notes.map(noted),
    chunk('IDAT', pixels),
    chunk('IEND', new Uint8Array()),
  ]);
}

/** Rows as differences to the row above: enlarged pixels become rows of zeros, which deflate to nearly nothing. */
function filtered(width: number, height: number, data: ArrayLike<number>, channels: number): Uint8Array<ArrayBuffer> {
  const row = 1 + width * channels;
  const bytes = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) {
    bytes[y * row] = UP;
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        const at = 4 * (y * width + x) + channel;
        const above = y ? (data[at - 4 * width] as number) : 0;
        bytes[y * row + 1 + x * channels + channel] = (data[at] as number) - above;
      }
    }
  }
  return bytes;
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function noted({ key, text }: Note): Uint8Array {
  if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,77}[\x21-\x7e])?$/.test(key)) throw new Error(`no key of a PNG's text: "${key}"`);
  const latin = /^[\n\x20-\x7e\xa0-\xff]*$/.test(text);
  // Key, 0; of iTXt also: not compressed, no language, no translated key.
  const before = ascii(latin ? `${key}\0` : `${key}\0\0\0\0\0`);
  return chunk(latin ? 'tEXt' : 'iTXt', joined([before, latin ? ascii(text) : new TextEncoder().encode(text)]));
}

function chunk(name: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(ascii(name), 4);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, crc32(bytes.subarray(4, 8 + content.length)));
  return bytes;
}

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
