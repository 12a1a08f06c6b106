import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { codeOf, moved } from './codes';
import { load } from './index';
import { codesAround, logLikelihood, logMeanExp } from './likelihood';
import { fileOf, readManifest, type Likelihood, type Manifest, type Prior } from './manifest';
import { drawn, fittedTo } from './pictures';
import { floats } from './tensor';

interface Golden {
  readonly pictures: { seeds: number[]; bytes: string[] };
  readonly fits: {
    shape: [number, number, 1 | 3 | 4];
    picture: string;
    size: [number, number];
    fit: Manifest['fit'];
    channels: 1 | 3 | 4;
    fitted: string;
  }[];
  readonly mixture: { prior: Prior; seeds: number[]; z: number[][] };
  readonly truncated: { seed: number; psi: number; z: number[] };
  readonly likelihoods: (Pick<Likelihood, 'kind' | 'log_noise'> & {
    picture: number[];
    decoded: number[];
    log_likelihood: number;
    mean: number[];
    log_variance: number[];
    seed: number;
    ratios: number[];
  })[];
}

const FOLDER = '../contracts/golden';
const golden = JSON.parse(readFileSync(`${FOLDER}/model.json`, 'utf8')) as Golden;
const bytesOf = (packed: string): Uint8ClampedArray<ArrayBuffer> =>
  Uint8ClampedArray.from(Buffer.from(packed, 'base64'));
/** The folder has the smallest file only; which precision is taken is another matter. */
const read = (name: string): Promise<ArrayBuffer> =>
  Promise.resolve(Uint8Array.from(readFileSync(`${FOLDER}/model/${name.replace('fp16', 'int8')}`)).buffer);
const tiny = () => load('manifest.json', { runtime: 'tiny', fetch: read });

/** The largest difference of two lists of numbers. */
const apart = (one: ArrayLike<number>, other: ArrayLike<number>): number =>
  Math.max(...Array.from(one, (value, at) => Math.abs(value - other[at]!)));

function withAlpha(bytes: Uint8ClampedArray, channels: number): Uint8ClampedArray {
  const found = new Uint8ClampedArray((bytes.length / channels) * 4).fill(255);
  for (let at = 0; at < bytes.length; at++) found[Math.floor(at / channels) * 4 + (at % channels)] = bytes[at]!;
  return found;
}

describe('a loaded net', () => {
  it('draws the picture of a seed as Python does, to a grey level', async () => {
    const model = await tiny();
    const found = await model.sample(golden.pictures.seeds);
    golden.pictures.bytes.forEach((packed, at) => {
      expect(apart(found[at]!.data, withAlpha(bytesOf(packed), 3))).toBeLessThanOrEqual(1);
    });
    expect(await model.runtimeOf('draw')).toBe('tiny');
  });

  it('draws from codes, with a class by name or number', async () => {
    const model = await tiny();
    const [seed] = [golden.pictures.seeds[3]!];
    const name = model.manifest.classes[seed % model.manifest.classes.length]!;
    const [first] = await model.sample(seed);
    const [same] = await model.sample({ z: model.code(seed) }, { label: name });
    const [other] = await model.sample({ z: [model.code(seed)] }, { label: 0 });
    expect(same).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('says what it cannot do', async () => {
    const model = await tiny();
    const picture = { width: 16, height: 16, data: new Uint8ClampedArray(1024) };
    await expect(model.predict(picture)).rejects.toThrow('names no classes');
    await expect(model.encode(picture)).rejects.toThrow('has no encoder');
    await expect(model.bound(picture)).rejects.toThrow('gives no probability');
    await expect(model.sample(1, { label: 'unicorn' })).rejects.toThrow('no class “unicorn”; the classes are auburn');
    await expect(model.sample(1, { label: 99 })).rejects.toThrow('no class');
    await expect(model.sample(1, { move: { hat: 1 } })).rejects.toThrow('no direction “hat”');
    await expect(model.sample(1, { mixture: true })).rejects.toThrow('no mixture');
    await expect(model.sample(-1)).rejects.toThrow('a seed is');
    await expect(model.sample({ z: [1, 2] })).rejects.toThrow('has 64 numbers, not 2');
  });

  it('takes the tiny runtime by itself for a small net, and asks for no more than it needs', async () => {
    const asked = vi.fn(read);
    const model = await load('manifest.json', { fetch: asked });
    await model.sample(7);
    await model.sample(8);
    expect(await model.runtimeOf('draw')).toBe('tiny');
    expect(asked.mock.calls).toEqual([['manifest.json'], ['draw.fp16.onnx']]);
  });

  it('asks again after a failure', async () => {
    const asked = vi
      .fn(read)
      .mockImplementationOnce(read)
      .mockImplementationOnce(() => Promise.reject(new Error('offline')));
    const model = await load('manifest.json', { fetch: asked });
    await expect(model.sample(7)).rejects.toThrow('offline');
    expect(await model.sample(7)).toHaveLength(1);
  });
});

describe('the manifest', () => {
  const manifest = JSON.parse(readFileSync(`${FOLDER}/model/manifest.json`, 'utf8')) as Manifest;

  it('has the fields that the types say, no less and no more', () => {
    // The compiler holds this list to the type, the test holds the file to the list.
    const fields: Record<keyof Manifest, true> = {
      schema_version: true, made_by: true, kind: true, net: true, data: true, images_seen: true, picture: true, fit: true,
      latent: true, prior: true, classes: true, likelihood: true, graphs: true, filters: true, views: true, layers: true,
      directions: true,
    }; // prettier-ignore
    expect(Object.keys(manifest).sort()).toEqual(Object.keys(fields).sort());
    expect(Object.keys(manifest.graphs.draw!).sort()).toEqual(['files', 'inputs', 'outputs']);
    expect(Object.keys(fileOf(manifest.graphs.draw!, 'int8')).sort()).toEqual([
      'bytes',
      'difference',
      'file',
      'sha256',
    ]);
  });

  it('is refused in a sentence', () => {
    const bytes = (text: string) => Uint8Array.from(Buffer.from(text)).buffer;
    expect(() => readManifest(bytes('<html>'))).toThrow('not JSON');
    expect(() => readManifest(bytes('null'))).toThrow('names no graphs');
    expect(() => readManifest(bytes(JSON.stringify({ ...manifest, schema_version: 2 })))).toThrow('version 2');
  });
});

describe('pictures', () => {
  it.each(golden.fits)(
    '$shape made to fit $size by $fit, $channels channels',
    ({ shape, picture, size, fit, channels, fitted }) => {
      const [height, width, given] = shape;
      const raster = { width, height, channels: 4, values: withAlpha(bytesOf(picture), given) };
      const found = fittedTo(raster, size[1], size[0], fit, channels);
      const wanted = bytesOf(fitted);
      expect([found.height, found.width, found.channels]).toEqual([...size, channels]);
      expect(found.values).toHaveLength(wanted.length);
      // Pillow multiplies in fixed point: a level now and then.
      expect(apart(found.values, wanted)).toBeLessThanOrEqual(1);
      const off = wanted.filter((value, at) => value !== found.values[at]).length;
      expect(off / wanted.length).toBeLessThan(0.02);
    },
  );

  it('rounds as torch does: halves to even, and NaN to black', () => {
    const values = [-1, 1, 0, NaN, 5, -5, 0.5 / 127.5 - 1, 1.5 / 127.5 - 1];
    const [found] = drawn(floats([1, 1, 2, 4], Float32Array.from(values)));
    const grey = Array.from({ length: 8 }, (_, at) => found!.data[4 * at]);
    expect(grey.slice(0, 6)).toEqual([0, 255, 128, 0, 255, 0]);
    expect([...found!.data.slice(0, 4)]).toEqual([0, 0, 0, 255]);
  });
});

describe('codes', () => {
  it('come from a mixture as in Python', () => {
    const { prior, seeds, z } = golden.mixture;
    const space = { latent: { size: z[0]!.length }, prior, directions: [] };
    seeds.forEach((seed, at) => expect(apart(codeOf(seed, space, true), z[at]!)).toBeLessThan(1e-6));
  });

  it('are drawn to the mean, and moved along directions', () => {
    const { seed, psi, z } = golden.truncated;
    const direction = { name: 'hat', method: 'mean', vector: [0, 0.6, 0.8, 0], sigma: 2 };
    const space = { latent: { size: 4 }, prior: null, directions: [direction] };
    const code = codeOf(seed, space);
    expect(apart(moved(code, space, { truncation: psi }), z)).toBeLessThan(1e-6);
    const there = moved(code, space, { move: { hat: -1.5 } });
    expect(apart(there, [code[0]!, code[1]! - 1.8, code[2]! - 2.4, code[3]!])).toBeLessThan(1e-6);
  });
});

describe('likelihoods', () => {
  it.each(golden.likelihoods)('$kind, as in Python', (told) => {
    const found = logLikelihood({ ...told, binarise: false }, told.picture, told.decoded);
    // Python adds up in float32.
    expect(Math.abs(found - told.log_likelihood)).toBeLessThan(2e-5 * Math.abs(told.log_likelihood));
    const draws = codesAround(told.mean, told.log_variance, 2, told.seed);
    expect(
      apart(
        draws.map(({ ratio }) => ratio),
        told.ratios,
      ),
    ).toBeLessThan(1e-6);
  });

  it('are averaged without overflow', () => {
    expect(logMeanExp([-2000, -2000])).toBe(-2000);
    expect(logMeanExp([0, -Infinity])).toBeCloseTo(-Math.log(2), 12);
  });
});
