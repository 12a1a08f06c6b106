/** What Python has put into the page: the settings of #page, pictures drawn before, and files of a single-file page. */

export interface Measured {
  readonly name: string;
  readonly value: number;
  readonly error?: number | null;
  /** What real pictures score against other real pictures: nobody can be better. */
  readonly floor?: number | null;
  readonly n?: number | null;
}

export interface Memorisation {
  readonly verdict?: 'good' | 'unclear' | 'bad';
  readonly ratio?: number | null;
  readonly near_share?: number | null;
  readonly n?: number | null;
  readonly sentence?: string;
}

export interface Card {
  readonly data?: string;
  readonly pictures?: number;
  readonly images_seen?: number;
  readonly recipe?: string | Readonly<Record<string, string | number | boolean | null>>;
  readonly measurements?: readonly Measured[];
  readonly memorisation?: Memorisation | null;
  readonly neighbours?: readonly string[];
}

export interface Settings {
  readonly title: string;
  readonly thing: string;
  readonly words: string;
  readonly language: string;
  readonly licence: string;
  readonly forbidden_uses: readonly string[];
  readonly mark: boolean;
  /** Whether seeds are drawn from the manifest's mixture of codes, as `nonesuch sample --mixture` does. */
  readonly mixture: boolean;
  readonly seeds: readonly number[];
  readonly start_seed: number | null;
  readonly model: string;
  readonly runtime: 'auto' | 'onnx' | 'tiny';
  readonly card: Card;
}

const FIRST: Settings = {
  title: document.title,
  thing: '',
  words: '',
  language: 'auto',
  licence: '',
  forbidden_uses: [],
  mark: false,
  mixture: false,
  seeds: [],
  start_seed: null,
  model: 'model/manifest.json',
  runtime: 'auto',
  card: {},
};

export function settings(): Settings {
  const found = JSON.parse(document.getElementById('page')?.textContent ?? '{}') as Partial<Settings>;
  const uses: unknown = found.forbidden_uses ?? [];
  const forbidden = (Array.isArray(uses) ? (uses as string[]) : [String(uses)]).filter((use) => use.trim());
  return { ...FIRST, ...found, forbidden_uses: forbidden, card: found.card ?? {} };
}

export interface Still {
  readonly seed: number | undefined;
  readonly src: string;
  readonly alt: string;
}

/** The pictures that Python drew, the first one first: read before #still is taken away. */
export function stills(): Still[] {
  const found = [...document.querySelectorAll<HTMLImageElement>('#first, #gallery img')].map((image) => ({
    seed: image.dataset.seed === undefined ? undefined : Number(image.dataset.seed),
    src: image.getAttribute('src') ?? '',
    alt: image.alt,
  }));
  return found.filter(({ seed }, place) => place === 0 || seed === undefined || seed !== found[0]?.seed);
}

/** A file of the site by its path, "model/draw.int8.onnx": from this very page where it was put into it. */
export async function file(path: string): Promise<ArrayBuffer> {
  const inlined = document.getElementById(`inlined:${path}`);
  if (inlined !== null) return unpacked(inlined.textContent ?? '');
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.arrayBuffer();
}

/** Base64 of gzip to bytes. */
export async function unpacked(text: string): Promise<ArrayBuffer> {
  const packed = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}
