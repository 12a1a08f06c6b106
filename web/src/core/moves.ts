/** Steps along named directions, in sigma, as an address holds them: "hat:1.5,older%2C%20wiser:-2". */

const MOST_SIGMA = 20;

/** Amounts by the name of their direction; what is no number within 20 sigma is left out. */
export function movesOf(written: readonly string[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const each of written) {
    const cut = each.lastIndexOf(':');
    const amount = Number(each.slice(cut + 1));
    if (cut > 0 && Math.abs(amount) <= MOST_SIGMA) found.set(unescaped(each.slice(0, cut)), amount);
  }
  return found;
}

/** Without those that are 0. A comma in a name would part the list. */
export const writtenMoves = (moves: Iterable<readonly [string, number]>): string[] =>
  [...moves]
    .filter(([, amount]) => amount)
    .map(([name, amount]) => `${encodeURIComponent(name)}:${+amount.toFixed(2)}`);

function unescaped(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
