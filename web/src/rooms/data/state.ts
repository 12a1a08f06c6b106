/** What the address says of the room Data. */
import { choice, flag, type Fields, real, text, whole } from '../../core/url';
import type { components } from '../../api/schema';

export const SHOWS = ['pictures', 'balance', 'copies', 'looks', 'map'] as const;
export type Show = (typeof SHOWS)[number];

export interface DataState {
  readonly data: string;
  readonly show: Show;
  /** 0: as the pictures are. */
  readonly size: number;
  readonly fit: 'crop' | 'pad' | 'stretch';
  readonly label: string;
  readonly val: number;
  readonly test: number;
  /** The picture that is looked at; -1: none. */
  readonly row: number;
  readonly by: 'features' | 'pixels';
  readonly method: 'pca' | 'tsne' | 'umap';
  readonly flip: boolean;
  readonly shift: number;
  readonly rotate: number;
  readonly zoom: number;
  readonly erase: number;
  readonly seed: number;
}

export const FIELDS: Fields<DataState> = {
  data: text('pixelfolk', 100),
  show: choice('pictures', 'balance', 'copies', 'looks', 'map'),
  size: whole(0, 0, 1024),
  fit: choice('crop', 'pad', 'stretch'),
  label: text('label', 200),
  val: real(0.1, 0, 0.9),
  test: real(0.1, 0, 0.9),
  row: whole(-1, -1, 1e12),
  by: choice('features', 'pixels'),
  method: choice('pca', 'tsne', 'umap'),
  flip: flag(true),
  shift: whole(2, 0, 64),
  rotate: real(10, 0, 180),
  zoom: real(0.1, 0, 4),
  erase: real(0, 0, 0.9),
  seed: whole(0, 0, 2 ** 31),
};

/** What is in a data set, and the question it answers: what is asked after it is asked of the same pack. */
export interface Detail extends Immutable<components['schemas']['DataDetail']> {
  readonly view: ReturnType<typeof viewOf>;
  readonly body: ReturnType<typeof packOf>;
}
type Immutable<T> = { readonly [K in keyof T]: T[K] };
export type Album = components['schemas']['AlbumDetail'];
export type Line = components['schemas']['PictureLine'];

/** What a task says at its end; the server's description does not hold results. */
export interface Made {
  readonly rows: readonly number[];
  readonly codes: readonly number[];
  readonly classes: readonly string[];
  readonly names: readonly string[];
  readonly places: components['schemas']['Block'];
  readonly words: string;
  readonly by: 'features' | 'pixels';
  readonly height: number;
  readonly width: number;
  readonly across: number;
}

export interface Taken {
  readonly data: string;
  readonly added: number;
  readonly known: number;
  readonly refused: number;
  readonly refusals: readonly { readonly name: string; readonly reason: string }[];
}

/** The question every look at a pack begins with. */
export const viewOf = (now: DataState) => ({
  ...(now.size ? { size: now.size } : {}),
  fit: now.fit,
  label: now.label,
  val: now.val,
  test: now.test,
});

/** How a pack is asked for in the body of a task. */
export const packOf = (now: DataState) => ({
  data: now.data,
  fit: now.fit,
  size: now.size || null,
});

/** A picture in words, for those who do not see it. */
export function saidOf(line: Line, names: readonly string[]): string {
  const label = line.code < 0 ? 'without a label' : (names[line.code] ?? '');
  return `${line.name}, ${label}, for ${{ train: 'training', val: 'watching', test: 'testing' }[line.split]}`;
}
