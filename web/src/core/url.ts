/** The state of a view as a query string and back: typed, with defaults left out, and deaf to nonsense. */

/** One value of a view: how it reads and writes itself, and what it is when the address does not say. */
export interface Field<T> {
  readonly first: T;
  /** The value, or undefined when the text is not one: the default is taken then. */
  read(text: string): T | undefined;
  write(value: T): string;
}

export type Fields<S> = { readonly [K in keyof S]: Field<S[K]> };

export const text = (first = '', longest = 2000): Field<string> => ({
  first,
  read: (found) => (found.length <= longest ? found : undefined),
  write: (value) => value,
});

export const whole = (first: number, least: number, most: number): Field<number> => ({
  first,
  read: (found) => (/^-?\d{1,15}$/.test(found) && +found >= least && +found <= most ? +found : undefined),
  write: String,
});

export const real = (first: number, least: number, most: number, digits = 3): Field<number> => ({
  first,
  read: (found) => (/^-?\d{1,15}(\.\d{1,15})?$/.test(found) && +found >= least && +found <= most ? +found : undefined),
  write: (value) => String(+value.toFixed(digits)),
});

export const flag = (first = false): Field<boolean> => ({
  first,
  read: (found) => (found === 'yes' ? true : found === 'no' ? false : undefined),
  write: (value) => (value ? 'yes' : 'no'),
});

export const choice = <const T extends string>(first: T, ...others: T[]): Field<T> => ({
  first,
  read: (found) => [first, ...others].find((each) => each === found),
  write: (value) => value,
});

/** Several values, separated by commas; the values themselves must not hold one. One wrong value makes the list wrong. */
export const list = <T>(each: Field<T>, first: readonly T[] = [], longest = 4096): Field<readonly T[]> => ({
  first,
  read: (found) => {
    if (found === '') return [];
    const values = found.split(',').map((part) => each.read(part));
    return values.length <= longest && !values.includes(undefined) ? (values as T[]) : undefined;
  },
  write: (values) => values.map((value) => each.write(value)).join(','),
});

export function read<S extends object>(fields: Fields<S>, query: string): S {
  const found = new URLSearchParams(query);
  const state: Partial<S> = {};
  for (const name in fields) {
    const written = found.get(name);
    state[name] = (written === null ? undefined : fields[name].read(written)) ?? fields[name].first;
  }
  return state as S;
}

/** The query of `state`; of `query` it keeps what is not a field of this view, such as a lesson's settings. */
export function write<S extends object>(fields: Fields<S>, state: S, query = ''): string {
  const result = new URLSearchParams(query);
  for (const name in fields) {
    const written = fields[name].write(state[name]);
    if (written === fields[name].write(fields[name].first)) result.delete(name);
    else result.set(name, written);
  }
  return result.toString();
}
