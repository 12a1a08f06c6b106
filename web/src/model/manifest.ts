/** manifest.json of an exported net: what nonesuch/export/manifest.py writes (contracts/manifest.schema.json). */

export const SCHEMA_VERSION = 1;

export type GraphName = 'draw' | 'encode' | 'answer' | 'explain';
export type Precision = 'int8' | 'fp16' | 'fp32';
/** null stands for N, the number of pictures. */
export type Dims = readonly (number | null)[];

export interface GraphFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Against torch in float32, on outputs scaled as pictures in [-1, 1]. */
  readonly difference: { readonly mean: number; readonly most: number };
}

export interface GraphEntry {
  readonly inputs: Readonly<Record<string, Dims>>;
  readonly outputs: Readonly<Record<string, Dims>>;
  readonly files: Readonly<Partial<Record<Precision, GraphFile>>>;
}

export interface Direction {
  readonly name: string;
  readonly method: string;
  readonly vector: readonly number[];
  readonly sigma: number;
}

/** Of the shape [outputs, inputs, height, width]; `values` row by row: the first convolution's weights, as trained. */
export interface Filters {
  readonly layer: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** A mixture of codes: `factors` are lower triangular, covariances are factor times factor transposed. */
export interface Prior {
  readonly weights: readonly number[];
  readonly means: readonly (readonly number[])[];
  readonly factors: readonly (readonly (readonly number[])[])[];
}

export interface Likelihood {
  readonly kind: 'gaussian' | 'bernoulli' | 'logistic';
  readonly log_noise: number;
  /** Whether the net was shown pictures of black and white only. */
  readonly binarise: boolean;
}

/** Maps that a graph gives: which output, of which layer, [channels, height, width]. */
export interface Layer {
  readonly output: string;
  readonly name: string;
  readonly shape: readonly number[];
}

export interface Manifest {
  readonly schema_version: typeof SCHEMA_VERSION;
  readonly made_by: string;
  readonly kind: 'cnn' | 'ae' | 'vae' | 'gan';
  readonly net: string;
  readonly data: string;
  readonly images_seen: number;
  readonly picture: { readonly channels: 1 | 3 | 4; readonly height: number; readonly width: number };
  readonly fit: 'crop' | 'pad' | 'stretch';
  readonly latent: { readonly size: number } | null;
  readonly prior: Prior | null;
  /** Of a classifier, or what a conditional generator can be told. */
  readonly classes: readonly string[];
  readonly likelihood: Likelihood | null;
  readonly graphs: Readonly<Partial<Record<GraphName, GraphEntry>>>;
  readonly filters: Filters | null;
  /** Of a classifier: which views of a picture are answered and averaged. */
  readonly views: 'one' | 'mirror' | 'mirror+shift' | null;
  readonly layers: readonly Layer[];
  readonly directions: readonly Direction[];
  /** Where truncation leads to; empty where there is no latent space. */
}

/** Bytes as a manifest. Throws a sentence for what is none, or one of a later version. */
export function readManifest(bytes: ArrayBuffer): Manifest {
  let found: Partial<Manifest>;
  try {
    found = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Manifest>;
  } catch {
    throw new Error('This is no manifest of an exported net: it is not JSON.');
  }
  if (found === null || typeof found !== 'object' || !found.graphs || !found.picture)
    throw new Error('This is no manifest of an exported net: it names no graphs.');
  if (found.schema_version !== SCHEMA_VERSION)
    throw new Error(
      `The manifest has version ${found.schema_version}; this nonesuch.js reads version ${SCHEMA_VERSION}.`,
    );
  return found as Manifest;
}

/** The file to load of a graph. fp16 is the smallest whose pictures are the command line's to a grey level. */
export function fileOf(entry: GraphEntry, wish?: Precision): GraphFile {
  const order = wish ? [wish] : (['fp16', 'fp32', 'int8'] as const);
  for (const precision of order) {
    const file = entry.files[precision];
    if (file) return file;
  }
  throw new Error(`The manifest lists no ${wish ?? ''} file of this graph.`.replace('  ', ' '));
}
