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

/** A room's view of the address, typed by its fields. */
export function view<S extends object>(fields: Fields<S>): View<S> {
  const now = $derived(read(fields, place.query));
  const changed = (change: Partial<S>) => write(fields, { ...now, ...change }, place.query);
  return {
    get now() {
      return now;
    },
    set: (change) => place.go(place.path, changed(change)),
    drag: (change) => place.go(place.path, changed(change), true),
    link: (change) => `${place.path}?${changed(change)}`,
  };
}
