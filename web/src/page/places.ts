/** Places in latent space that a page can draw without a server: sums of seeds' numbers and of codes. */
import { format, noise, parse, type Spot, sum } from '../core/spots';

/** The place that a text names, or undefined; planes of seeds and of a net are known to the studio only. */
export function placed(text: string): Spot | undefined {
  const spot = parse(text);
  const known = spot?.every(({ what }) => what.kind === 'noise' || what.kind === 'code');
  return known ? spot : undefined;
}

/** The seed of a place that is one seed's and nothing else. */
export function seedOf(spot: Spot): number | undefined {
  const [only] = spot;
  return spot.length === 1 && only?.weight === 1 && only.what.kind === 'noise' ? only.what.seed : undefined;
}

/** The place's code (size,): `numbers` says those of a seed. Throws for a code of another size. */
export function codeAt(spot: Spot, size: number, numbers: (seed: number) => Float32Array): Float32Array {
  const total = new Float64Array(size);
  for (const { weight, what } of spot) {
    const values =
      what.kind === 'noise'
        ? numbers(what.seed)
        : what.kind === 'code'
          ? unpacked(what.code, size)
          : new Float32Array();
    for (let place = 0; place < size; place++) total[place]! += weight * (values[place] ?? 0);
  }
  return Float32Array.from(total);
}

/** A code as a place: the float32 numbers in base64url. */
export function atNumbers(code: Float32Array): Spot {
  const bytes = new Uint8Array(code.buffer, code.byteOffset, code.byteLength);
  const text = btoa(String.fromCharCode(...bytes));
  return [
    { weight: 1, what: { kind: 'code', code: text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') } },
  ];
}

function unpacked(code: string, size: number): Float32Array {
  const bytes = Uint8Array.from(atob(code.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
  if (bytes.length !== 4 * size) throw new Error(`${bytes.length / 4} numbers for a code of ${size}`);
  return new Float32Array(bytes.buffer).map((value) => (Number.isFinite(value) ? value : 0));
}

/** The class of a place where none is chosen: that of its seed, and of a mix that of the seed it has most of. */
export function classOf(spot: Spot, classes: number): number {
  const most = spot.reduce((best, part) => (Math.abs(part.weight) > Math.abs(best.weight) ? part : best));
  return most.what.kind === 'noise' ? most.what.seed % classes : 0;
}

/** A number that looks random, and is a function of the text: FNV-1a, 32 bits. */
export function hashed(text: string): number {
  let word = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) word = Math.imul(word ^ text.charCodeAt(at), 0x01000193);
  return word >>> 0;
}

/** Where a walk goes when nobody has said: from a place through three seeds that follow from it. */
export const stations = (start: Spot): Spot[] => [
  start,
  ...[1, 2, 3].map((step) => noise(hashed(`${format(start)} ${step}`) % 1_000_000)),
];

const MOST_PARTS = 24;

/**
 * Rounded as the address keeps it, with the heaviest parts only. Of a normal prior a mix is brought back to the length
 * of a draw (the squares of its weights add up to 1); a `flat` space of codes has no such length: there they add up to 1.
 */
export function balanced(spot: Spot, flat: boolean): Spot {
  const heaviest = [...spot].sort((one, other) => Math.abs(other.weight) - Math.abs(one.weight)).slice(0, MOST_PARTS);
  const length = flat
    ? heaviest.reduce((total, { weight }) => total + weight, 0)
    : Math.sqrt(heaviest.reduce((total, { weight }) => total + weight ** 2, 0));
  return parse(format(sum([1 / (length || 1), heaviest]))) ?? spot;
}
