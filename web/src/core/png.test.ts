import { crc32 as itsCrc32, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32, png } from './png';

/** A reader of its own: chunks by node's checksum, rows by node's inflate and the PNG's filter "up". */
function opened(file: Uint8Array) {
  const bytes = Buffer.from(file);
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  const chunks: { name: string; content: Buffer }[] = [];
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const named = bytes.subarray(at + 4, at + 8 + length);
    expect(bytes.readUInt32BE(at + 8 + length)).toBe(itsCrc32(named));
    chunks.push({ name: named.subarray(0, 4).toString('latin1'), content: named.subarray(4) });
    at += 12 + length;
  }
  const header = chunks[0]?.content as Buffer;
  const [width, height, channels] = [header.readUInt32BE(0), header.readUInt32BE(4), header[9] === 6 ? 4 : 3];
  const rows = inflateSync(Buffer.concat(chunks.filter(({ name }) => name === 'IDAT').map(({ content }) => content)));
  const row = 1 + width * channels;
  expect(rows.length).toBe(row * height);
  const pixels: number[][] = [];
  for (let y = 0; y < height; y++) {
    expect(rows[y * row]).toBe(2);
    const line = [...rows.subarray(y * row + 1, (y + 1) * row)];
    pixels.push(line.map((byte, place) => (byte + (pixels[y - 1]?.[place] ?? 0)) % 256));
  }
  return { names: chunks.map(({ name }) => name), chunks, width, height, channels, pixels };
}

// prettier-ignore
const TWO_BY_TWO = [255, 0, 0, 255, 0, 255, 0, 255,
                    10, 20, 30, 255, 250, 240, 230, 255];

describe('png', () => {
  it('keeps every pixel, without alpha where none is needed', async () => {
    const found = opened(await png({ width: 2, height: 2, data: TWO_BY_TWO }));
    expect([found.width, found.height, found.channels]).toEqual([2, 2, 3]);
    expect(found.pixels).toEqual([
      [255, 0, 0, 0, 255, 0],
      [10, 20, 30, 250, 240, 230],
    ]);
    expect(found.names).toEqual(['IHDR', 'IDAT', 'IEND']);
  });
  it('keeps alpha where a pixel is see-through', async () => {
    const data = [...TWO_BY_TWO.slice(0, 15), 128];
    const found = opened(await png({ width: 2, height: 2, data }));
    expect(found.channels).toBe(4);
    expect(found.pixels.flat()).toEqual(data);
  });
  it('writes Latin-1 as tEXt and the rest as iTXt', async () => {
    const notes = [
      { key: 'Synthetic', text: 'yes' },
      { key: 'Title', text: '</title> 猫 🐈' },
    ];
    const { chunks } = opened(await png({ width: 2, height: 2, data: TWO_BY_TWO }, notes));
    const [first, second] = chunks.filter(({ name }) => /XT$|Xt$/i.test(name));
    expect(first?.name).toBe('tEXt');
    expect(first?.content.toString('latin1')).toBe('Synthetic\0yes');
    expect(second?.name).toBe('iTXt');
    expect(second?.content.toString('utf8')).toBe('Title\0\0\0\0\0</title> 猫 🐈');
  });
  it('refuses what is no picture and what is no key', async () => {
    await expect(png({ width: 2, height: 2, data: [1, 2, 3] })).rejects.toThrow('3 bytes for 2 x 2 pixels');
    const keyed = png({ width: 2, height: 2, data: TWO_BY_TWO }, [{ key: 'a\0b', text: '' }]);
    await expect(keyed).rejects.toThrow('no key');
  });
  it('has the checksum that everybody has', () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, at) => (at * 7) % 256);
    expect(crc32(bytes)).toBe(itsCrc32(bytes));
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });
});
