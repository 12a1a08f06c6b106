/** A place in latent space as a short text, for addresses and the clipboard, and what can be done with such places.
 *
 *     s3.25_1.5      a place on the plane of seeds: at whole numbers seed x + 100 y
 *     p-0.4_1.1      a place on the net's own plane, along which its codes spread most
 *     n17            the numbers of seed 17, as noise to add
 *     zAAAAPwAA…     a code itself: float32, base64url
 *     s3_0~-1*s4_0   a sum, each with its weight
 */
/** A code as the server takes it. */
export interface Coded {
  shape: number[];
  dtype: 'float32' | 'uint8';
  data: string;
}

export type What =
  | { readonly kind: 'seeds'; readonly x: number; readonly y: number }
  | { readonly kind: 'plane'; readonly x: number; readonly y: number }
  | { readonly kind: 'noise'; readonly seed: number }
  | { readonly kind: 'code'; readonly code: string };
export interface Part {
  readonly weight: number;
  readonly what: What;
}
export type Spot = readonly Part[];

/** A net's own plane: code = centre + x axes[0] + y axes[1], all as the server sends them. */
export interface Plane {
  readonly centre: Coded;
  readonly axes: readonly [Coded, Coded];
}

export interface Term {
  weight: number;
  seed?: number;
  plane?: { x: number; y: number };
  code?: Coded;
}

export const SEEDS_IN_ROW = 100;
const MOST_PARTS = 48;

const short = (value: number): string => String(+value.toFixed(4));
const one = (what: What): Spot => [{ weight: 1, what }];

export const atSeeds = (x: number, y: number): Spot => one({ kind: 'seeds', x, y });
export const onPlane = (x: number, y: number): Spot => one({ kind: 'plane', x, y });
export const atSeed = (seed: number): Spot => atSeeds(seed % SEEDS_IN_ROW, Math.floor(seed / SEEDS_IN_ROW));
export const noise = (seed: number): Spot => one({ kind: 'noise', seed });

/** A code that the server has sent, as a place. */
export const atCode = (sent: Pick<Coded, 'data'>): Spot =>
  one({ kind: 'code', code: sent.data.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') });

export function format(spot: Spot): string {
  return spot.map(({ weight, what }) => (weight === 1 ? '' : `${short(weight)}*`) + formatted(what)).join('~');
}

function formatted(what: What): string {
  switch (what.kind) {
    case 'seeds':
      return `s${short(what.x)}_${short(what.y)}`;
    case 'plane':
      return `p${short(what.x)}_${short(what.y)}`;
    case 'noise':
      return `n${what.seed}`;
    case 'code':
      return `z${what.code}`;
  }
}

/** The place that a text names, or undefined for a text that names none. */
export function parse(text: string): Spot | undefined {
  const parts = text.split('~').map(parsedPart);
  return parts.length <= MOST_PARTS && parts.every((part) => part !== undefined) ? (parts as Part[]) : undefined;
}

const NUMBER = String.raw`-?\d{1,15}(?:\.\d{1,6})?`;
const PART = new RegExp(
  String.raw`^(?:(${NUMBER})\*)?(?:([sp])(${NUMBER})_(${NUMBER})|n(\d{1,15})|z([A-Za-z0-9_-]{6,100000}))$`,
);

function parsedPart(text: string): Part | undefined {
  const found = PART.exec(text);
  if (found === null) return undefined;
  const [, weight, plane, x, y, seed, code] = found;
  const what: What =
    plane !== undefined
      ? { kind: plane === 's' ? 'seeds' : 'plane', x: Number(x), y: Number(y) }
      : seed !== undefined
        ? { kind: 'noise', seed: Number(seed) }
        : { kind: 'code', code: code as string };
  if (what.kind === 'seeds' && (what.x < 0 || what.y < 0)) return undefined;
  return { weight: weight === undefined ? 1 : Number(weight), what };
}

/** So much of each place, added up; what is in several is in the sum once. */
export function sum(...spots: readonly (readonly [number, Spot])[]): Spot {
  const found = new Map<string, Part>();
  for (const [factor, spot] of spots) {
    for (const { weight, what } of spot) {
      const name = formatted(what);
      found.set(name, { weight: (found.get(name)?.weight ?? 0) + factor * weight, what });
    }
  }
  const kept = [...found.values()].filter(({ weight }) => Math.abs(weight) >= 5e-5);
  return kept.length ? kept : spots[0] ? spots[0][1].map(({ what }) => ({ weight: 0, what })) : [];
}

/** A child: cos t of the parent and sin t of a seed's noise, so that a draw of N(0, 1) stays one. `strength` 0 to 1. */
export function child(parent: Spot, seed: number, strength: number): Spot {
  const turn = (strength * Math.PI) / 2;
  return sum([Math.cos(turn), parent], [Math.sin(turn), noise(seed)]);
}

/** Places on a circle around one, each as far from it as a child: a loop of noise, on which a draw of N(0, 1) stays one. */
export const ring = (middle: Spot, seeds: readonly [number, number], strength: number, count: number): Spot[] =>
  Array.from({ length: count }, (_, place) => {
    const [turn, angle] = [(strength * Math.PI) / 2, (2 * Math.PI * place) / count];
    return sum(
      [Math.cos(turn), middle],
      [Math.sin(turn) * Math.cos(angle), noise(seeds[0])],
      [Math.sin(turn) * Math.sin(angle), noise(seeds[1])],
    );
  });

/** Steps from one parent to the other, both included. */
export const between = (first: Spot, second: Spot, count: number): Spot[] =>
  Array.from({ length: count }, (_, step) => {
    const share = step / (count - 1);
    return sum([1 - share, first], [share, second]);
  });

/** Whether a place needs the net's own plane to be found. */
export const needsPlane = (spot: Spot): boolean => spot.some(({ what }) => what.kind === 'plane');

/** What the server is asked for; undefined while the plane is not known that the place lies on. */
export function terms(spot: Spot, latent: number, plane?: Plane): Term[] | undefined {
  const found: Term[] = [];
  for (const { weight, what } of spot) {
    if (what.kind === 'seeds') found.push({ weight, plane: { x: what.x, y: what.y } });
    else if (what.kind === 'noise') found.push({ weight, seed: what.seed });
    else if (what.kind === 'code') found.push({ weight, code: sent(what.code, latent) });
    else if (plane === undefined) return undefined;
    else {
      found.push({ weight, code: plane.centre });
      found.push({ weight: weight * what.x, code: plane.axes[0] }, { weight: weight * what.y, code: plane.axes[1] });
    }
  }
  return found;
}

function sent(code: string, latent: number): Coded {
  const plain = code.replaceAll('-', '+').replaceAll('_', '/');
  const data = plain + '='.repeat((4 - (plain.length % 4)) % 4);
  return { shape: [latent], dtype: 'float32', data };
}

/** What a person reads of a place. */
export function words(spot: Spot): string {
  const [first] = spot;
  if (spot.length !== 1 || first === undefined || first.weight !== 1) return `a mix of ${spot.length} places`;
  const { what } = first;
  if (what.kind === 'code') return 'a place of its own';
  if (what.kind === 'noise') return `seed ${what.seed}`;
  if (what.kind === 'plane') return `${short(what.x)}, ${short(what.y)} on the plane of the codes`;
  const whole = Number.isInteger(what.x) && Number.isInteger(what.y);
  if (whole) return `seed ${what.x + SEEDS_IN_ROW * what.y}`;
  return `between seeds, at ${short(what.x)}, ${short(what.y)}`;
}
