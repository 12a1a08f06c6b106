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
