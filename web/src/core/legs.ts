/** Key frames in time: between which two of them a film is, and how far. The same as `keyframed` of latent/path.py;
 * contracts/golden/legs.json holds both sides to it. */

export type Ease = 'linear' | 'smooth';
export interface Leg {
  readonly from: number;
  readonly to: number;
  /** Of the way between the two, 0 to 1. */
  readonly share: number;
}

const EASES: Readonly<Record<Ease, (share: number) => number>> = {
  linear: (share) => share,
  smooth: (share) => share * share * (3 - 2 * share),
};

/** Seconds from the first key frame to the end; in a loop the way back takes as long as the other legs on average. */
export function length(seconds: readonly number[], loop: boolean): number {
  const last = (seconds.at(-1) ?? 0) - (seconds[0] ?? 0);
  return loop && seconds.length > 1 ? (last * seconds.length) / (seconds.length - 1) : last;
}

/** Where the film is `time` seconds after its first key frame. `seconds` grow, and are two or more. */
export function legAt(time: number, seconds: readonly number[], ease: Ease, loop: boolean): Leg {
  const first = seconds[0] as number;
  const knots = seconds.map((second) => second - first);
  if (loop) knots.push(length(seconds, true));
  let leg = knots.findLastIndex((knot) => knot <= time);
  leg = Math.max(0, Math.min(leg, knots.length - 2));
  const [start, end] = [knots[leg] as number, knots[leg + 1] as number];
  const share = Math.min(1, Math.max(0, (time - start) / (end - start)));
  return { from: leg, to: (leg + 1) % seconds.length, share: EASES[ease](share) };
}
