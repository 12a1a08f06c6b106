/** Places on a map, x and y in turn: which lies nearest to a point, and which comes next in a direction. */

export function nearestTo(places: ArrayLike<number>, x: number, y: number): number {
  let best = -1;
  let least = Infinity;
  for (let at = 0; 2 * at + 1 < places.length; at++) {
    const apart = ((places[2 * at] as number) - x) ** 2 + ((places[2 * at + 1] as number) - y) ** 2;
    if (apart < least) [best, least] = [at, apart];
  }
  return best;
}

/** The nearest place within 45 degrees of a way (unit step, y down); the place itself when there is none. */
export function towards(places: ArrayLike<number>, from: number, [right, down]: readonly [number, number]): number {
  let best = from;
  let least = Infinity;
  const [x, y] = [places[2 * from] as number, places[2 * from + 1] as number];
  for (let at = 0; 2 * at + 1 < places.length; at++) {
    const [across, below] = [(places[2 * at] as number) - x, (places[2 * at + 1] as number) - y];
    const along = across * right + below * down;
    const apart = across ** 2 + below ** 2;
    if (at !== from && along > 0 && 2 * along ** 2 >= apart && apart < least) [best, least] = [at, apart];
  }
  return best;
}
