/** A net in the browser: `load` it, then `sample` or `predict`, `encode`, `decode`, `explain`, `bound`.
 *
 *     import { load } from './nonesuch.js';
 *     const model = await load('model/manifest.json');
 *     const [picture] = await model.sample([7]);
 *
 * Nothing is fetched but the files of the model's own folder, and pictures never leave the page.
 */

import { codeOf, moved, type Moves } from './codes';
import { growing } from './growing';
import { codesAround, divergence, logLikelihood, logMeanExp } from './likelihood';
import { fileOf, readManifest, type GraphName, type Layer, type Manifest, type Precision } from './manifest';
import { occluded } from './occlusion';
import { openOnnx } from './onnxruntime';
import { drawn, shown, type Picture, type Shown } from './pictures';
import type { Feeds, RuntimeName, Session } from './session';
import { floats, sizeOf, whole, type Tensor } from './tensor';
import { openTiny } from './tiny';
import { viewsOf } from './views';

export type { Manifest, Picture, Shown };

export interface LoadOptions {
  /**
   * "auto", the default: the tiny runtime for small nets, else ONNX Runtime Web where the browser can run it; nets in
   * between are run by the tiny one until the other has been loaded.
   */
  readonly runtime?: 'auto' | RuntimeName;
  /** Of the files that the folder has; the default is what loses least of those, fp16 before fp32. */
  readonly precision?: Precision;
  /** Gives a file of the model's folder by its name; the default asks for it beside the manifest. */
  readonly fetch?: (name: string) => Promise<ArrayBuffer>;
}

export interface SampleOptions extends Moves {
  /** Class of all pictures, by name or number; the default is the seed modulo the number of classes. */
  readonly label?: string | number;
}

export interface Heat {
  readonly width: number;
  readonly height: number;
  /** 0 and above, row by row: how much each place speaks for the class. */
  readonly values: Float32Array;
  readonly way: 'cam' | 'occlusion';
}

export interface Answer {
  /** The likeliest first. */
  readonly classes: readonly { readonly name: string; readonly index: number; readonly probability: number }[];
  /** In the order of the manifest's classes. */
  readonly logits: Float32Array;
  /** Of the first layers and the last convolution, each [channels, height, width]. */
  readonly maps: Readonly<Record<string, Layer & { readonly values: Float32Array }>>;
}

export interface Code {
  readonly mean: Float32Array;
  /** null of an autoencoder without Gaussians. */
  readonly logVariance: Float32Array | null;
}

export interface Bound {
  /** A lower bound on the log likelihood, which rises towards it with the samples; with one it is the ELBO. */
  readonly nats: number;
  /** What the code says about the picture: the divergence of its Gaussian from the prior, in nats. */
  readonly divergence: number;
  readonly samples: number;
}

/** Codes: one, or several. */
export type Codes = ArrayLike<number> | readonly ArrayLike<number>[];

const WASM = 'ort-wasm-simd-threaded.wasm';
/** Products a picture up to which the tiny runtime is quick enough: about a million a millisecond (LOG, 2026-11-29). */
const FEW = 8e6;
/** Up to which it draws while the 14 MB of ONNX Runtime are still on their way: a tenth of a second a picture. */
const BEARABLE = 100e6;
const CHUNK = 64;
const LOST = {
  draw: 'This net draws no pictures.',
  encode: 'This net has no encoder.',
  answer: 'This net names no classes.',
  explain: 'This net has no graph that explains.',
} as const;

/** Opens an exported folder by its manifest. Its graphs are fetched when they are first needed. */
export async function load(manifest: string | URL = 'model/manifest.json', options: LoadOptions = {}): Promise<Model> {
  const base = new URL(manifest, globalThis.document?.baseURI);
  const fetched = options.fetch ?? ((name: string) => asked(new URL(name, base)));
  const name = options.fetch ? 'manifest.json' : base.href;
  return new Model(readManifest(await fetched(name)), fetched, options);
}

async function asked(address: URL): Promise<ArrayBuffer> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address.pathname.split('/').at(-1)} could not be fetched (${answer.status}).`);
  return answer.arrayBuffer();
}

export class Model {
  readonly manifest: Manifest;
  private readonly fetched: (name: string) => Promise<ArrayBuffer>;
  private readonly options: LoadOptions;
  private readonly open = new Map<GraphName, Promise<Session>>();

  constructor(manifest: Manifest, fetched: (name: string) => Promise<ArrayBuffer>, options: LoadOptions) {
    [this.manifest, this.fetched, this.options] = [manifest, fetched, options];
  }

  /** New pictures of seeds, the same as the command line's; or of codes. */
  async sample(
    what: number | readonly number[] | { readonly z: Codes },
    options: SampleOptions = {},
  ): Promise<Picture[]> {
    this.need('draw');
    const seeds = typeof what === 'number' ? [what] : 'z' in what ? undefined : what;
    const codes = seeds
      ? seeds.map((seed) => codeOf(seed, this.manifest, options.mixture))
      : listed((what as { readonly z: Codes }).z);
    const labels = codes.map((_, at) => this.label(options.label ?? (seeds?.[at] ?? 0) % this.manifest.classes.length));
    const found: Picture[] = [];
    for (let from = 0; from < codes.length; from += CHUNK) {
      const part = codes.slice(from, from + CHUNK).map((z) => moved(z, this.manifest, options));
      found.push(...drawn((await this.drawing(part, labels.slice(from))).picture!));
    }
    return found;
  }

  /** What the net takes a picture for. `filters`: other weights for its first convolution, in the manifest's shape. */
  async predict(picture: Shown, { filters }: { filters?: ArrayLike<number> } = {}): Promise<Answer> {
    const { images, weights } = viewsOf(shown(picture, this.manifest), this.manifest.views);
    const found = await this.answers(images, filters);
    const count = this.manifest.classes.length;
    const logits = Float32Array.from({ length: count }, (_, at) =>
      weights.reduce((sum, weight, row) => sum + weight * found.logits!.data[row * count + at]!, 0),
    );
    const most = Math.max(...logits);
    const shares = logits.map((logit) => Math.exp(logit - most));
    const total = shares.reduce((sum, share) => sum + share, 0);
    const classes = this.manifest.classes.map((name, index) => ({ name, index, probability: shares[index]! / total }));
    const maps = this.manifest.layers.map((layer) => [
      layer.output,
      // The first view is the picture as it is.
      { ...layer, values: found[layer.output]!.data.slice(0, sizeOf(layer.shape)) as Float32Array },
    ]);
    return {
      classes: classes.sort((one, other) => other.probability - one.probability),
      logits,
      maps: Object.fromEntries(maps) as Answer['maps'],
    };
  }

  /** Where in a picture a class was found; the likeliest by default. By occlusion where the net has no such graph. */
  async explain(picture: Shown, label?: string | number): Promise<Heat> {
    this.need('answer');
    const [given, { height, width }] = [shown(picture, this.manifest), this.manifest.picture];
    const index = label === undefined ? (await this.predict(picture)).classes[0]!.index : this.label(label);
    if (!this.manifest.graphs.explain) {
      const logit = async (images: Tensor) => {
        const { data, dims } = (await this.answers(images)).logits!;
        return Float32Array.from({ length: dims[0]! }, (_, row) => data[row * dims[1]! + index]!);
      };
      return { width, height, values: await occluded(given, logit), way: 'occlusion' };
    }
    const target = floats([1, this.manifest.classes.length]);
    target.data[index] = 1;
    const found = await this.run('explain', { picture: given, target });
    const cam = found.cam!;
    return { width: cam.dims[2]!, height: cam.dims[1]!, values: cam.data as Float32Array, way: 'cam' };
  }

  /** Where a picture lies in latent space. */
  async encode(picture: Shown): Promise<Code> {
    this.need('encode');
    const found = await this.run('encode', { picture: this.seen(picture) });
    return {
      mean: found.mean!.data as Float32Array,
      logVariance: (found.log_variance?.data as Float32Array | undefined) ?? null,
    };
  }

  /** Pictures of codes, as they are. */
  decode(codes: Codes): Promise<Picture[]> {
    return this.sample({ z: codes });
  }

  /** How probable a VAE finds a picture at least, from so many codes around its own. */
  async bound(picture: Shown, { samples = 64, seed = 0 } = {}): Promise<Bound> {
    const { likelihood } = this.manifest;
    if (!likelihood) throw new Error('This net gives no probability of a picture.');
    const { mean, logVariance } = await this.encode(picture);
    if (!logVariance) throw new Error('A code without a Gaussian gives no probability of a picture.');
    const seen = this.seen(picture).data;
    const values: number[] = [];
    const codes = codesAround(mean, logVariance, samples, seed);
    for (let from = 0; from < samples; from += CHUNK) {
      const part = codes.slice(from, from + CHUNK);
      const { decoded } = await this.drawing(part.map(({ z }) => z));
      part.forEach(({ ratio }, at) => {
        const one = decoded!.data.subarray(at * seen.length, (at + 1) * seen.length);
        values.push(logLikelihood(likelihood, seen, one) + ratio);
      });
    }
    return { nats: logMeanExp(values), divergence: divergence(mean, logVariance), samples };
  }

  /** z of a seed, (latent,): where `sample` draws it, before truncation and moves. */
  code(seed: number, { mixture = false } = {}): Float32Array {
    this.need('draw');
    return codeOf(seed, this.manifest, mixture);
  }

  /** A picture brought to the net's size and channels: what the net sees of it. */
  fitted(picture: Shown): Picture {
    return drawn(shown(picture, this.manifest))[0]!;
  }

  /** Which runtime a graph runs on; it is opened if it is not yet. */
  async runtimeOf(graph: GraphName): Promise<RuntimeName> {
    return (await this.session(graph)).runtime;
  }

  /** As the net was trained to see it: of binary pixels, black or white. */
  private seen(picture: Shown): Tensor {
    const found = shown(picture, this.manifest);
    if (!this.manifest.likelihood?.binarise) return found;
    return floats(
      found.dims,
      Float32Array.from(found.data, (value) => (value > 0 ? 1 : -1)),
    );
  }

  private drawing(codes: readonly Float32Array[], labels: readonly number[] = []): Promise<Record<string, Tensor>> {
    const size = this.manifest.latent!.size;
    const z = floats([codes.length, size]);
    codes.forEach((code, at) => {
      if (code.length !== size) throw new Error(`A code of this net has ${size} numbers, not ${code.length}.`);
      z.data.set(code, at * size);
    });
    const told = 'label' in this.manifest.graphs.draw!.inputs;
    return this.run('draw', told ? { z, label: whole(labels.slice(0, codes.length)) } : { z });
  }

  private answers(picture: Tensor, filters?: ArrayLike<number>): Promise<Record<string, Tensor>> {
    this.need('answer');
    const own = this.manifest.filters;
    if (filters && filters.length !== own?.values.length)
      throw new Error(
        `This net has ${own?.values.length ?? 0} weights in its first convolution, not ${filters.length}.`,
      );
    if (!own) return this.run('answer', { picture });
    return this.run('answer', { picture, filters: floats(own.shape, Float32Array.from(filters ?? own.values)) });
  }

  private label(wish: string | number): number {
    const { classes } = this.manifest;
    if (typeof wish === 'number' && (!classes.length || (Number.isInteger(wish) && wish >= 0 && wish < classes.length)))
      return wish;
    const found = classes.indexOf(String(wish));
    if (found < 0) throw new Error(`There is no class “${wish}”; the classes are ${classes.join(', ') || 'none'}.`);
    return found;
  }

  private need(graph: keyof typeof LOST): void {
    if (!this.manifest.graphs[graph]) throw new Error(LOST[graph]);
  }

  private async run(graph: GraphName, feeds: Feeds): Promise<Record<string, Tensor>> {
    return (await this.session(graph)).run(feeds);
  }

  private session(graph: GraphName): Promise<Session> {
    let found = this.open.get(graph);
    if (!found) {
      this.open.set(graph, (found = this.opened(graph)));
      // What failed for want of a network may be asked for again.
      found.catch(() => this.open.delete(graph));
    }
    return found;
  }

  private async opened(graph: GraphName): Promise<Session> {
    const wish = this.options.runtime ?? 'auto';
    const bytes = new Uint8Array(await this.fetched(fileOf(this.manifest.graphs[graph]!, this.options.precision).file));
    if (wish === 'onnx') return openOnnx(bytes, () => this.fetched(WASM));
    if (wish === 'tiny') return openTiny(bytes);
    const onnx = () => openOnnx(bytes, () => this.fetched(WASM));
    const tiny = await this.tried(graph, bytes);
    if (!tiny) return onnx();
    if (tiny.products <= FEW) return tiny.session;
    if (tiny.products <= BEARABLE) return growing(tiny.session, onnx);
    // Slower is better than not at all, where a browser runs no WebAssembly.
    return onnx().catch(() => tiny.session);
  }

  /** The tiny runtime with the products that one picture costs; undefined where it does not know an operator. */
  private async tried(graph: GraphName, bytes: Uint8Array) {
    try {
      const session = openTiny(bytes);
      const inputs = Object.entries(this.manifest.graphs[graph]!.inputs);
      await session.run(
        Object.fromEntries(inputs.map(([name, dims]) => [name, floats(dims.map((side) => side ?? 1))])),
      );
      return { session, products: session.products };
    } catch {
      return undefined;
    }
  }
}

function listed(codes: Codes): Float32Array[] {
  const many =
    codes.length && typeof codes[0] !== 'number'
      ? (codes as readonly ArrayLike<number>[])
      : [codes as ArrayLike<number>];
  return many.map((code) => Float32Array.from(code));
}
