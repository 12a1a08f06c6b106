/** The address bar as the state of the view: clicks make a step one can go back from, dragging does not. */
import { type Fields, read, write } from '../core/url';

class Place {
  path = $state(location.pathname);
  query = $state(location.search.slice(1));

  constructor() {
    addEventListener('popstate', () => this.look());
  }

  go(path: string, query: string, replace = false): void {
    const address = query ? `${path}?${query}` : path;
    if (address === location.pathname + location.search) return;
    history[replace ? 'replaceState' : 'pushState'](null, '', address);
    this.look();
  }

  private look(): void {
    this.path = location.pathname;
    this.query = location.search.slice(1);
  }
}

export const place = new Place();

export interface View<S> {
  /** What the address says; reading it follows it. */
  readonly now: S;
  /** A change by a click or a key: a step in the browser's history. */
  set(change: Partial<S>): void;
  /** A change while something is dragged or played: the address follows without a step. */
  drag(change: Partial<S>): void;
  /** The address of this view with a change, for links. */
  link(change: Partial<S>): string;
}

/**
 * A room's view of the address, typed by its fields. It is bound to the room it was made in: when the address has gone on
 * to another room, while this one is still being taken down, what it says is no longer this room's, nor its to change.
 */
export function view<S extends object>(fields: Fields<S>): View<S> {
  const mine = place.path;
  const isHere = () => place.path === mine;
  let last = read(fields, place.query);
  const now = $derived(isHere() ? (last = read(fields, place.query)) : last);
  // Read at each step, also by nobody: `last` must be what the address said when the room was left.
  $effect.pre(() => void now);
  const changed = (change: Partial<S>) => write(fields, { ...now, ...change }, place.query);
  return {
    get now() {
      return now;
    },
    set: (change) => {
      if (isHere()) place.go(mine, changed(change));
    },
    drag: (change) => {
      if (isHere()) place.go(mine, changed(change), true);
    },
    link: (change) => `${mine}?${changed(change)}`,
  };
}
