/** What stands behind the # of the address, as the state of the page: clicks are steps one can go back from, dragging is not. */
import { formatted, parsed, type State } from './state';

/** Seeds of visitors are short enough to be read aloud. */
const MOST = 1_000_000_000;

export const randomSeed = (): number => Math.floor(Math.random() * MOST);

export class Address {
  now: State = $state.raw(parsed(location.hash));

  constructor() {
    addEventListener('popstate', () => this.look());
    addEventListener('hashchange', () => this.look());
  }

  /** A new seed at every visit: also when a page is opened again whose seed was nobody's choice. */
  begin(): void {
    const { seed, at, family } = this.now;
    const chosen = (seed >= 0 && !wasChance()) || at || family.length;
    if (!chosen) this.write({ ...this.now, seed: randomSeed() }, 'replaceState', { chance: true });
  }

  /** A change by a click or a key. */
  set(change: Partial<State>): void {
    this.write({ ...this.now, ...change }, 'pushState');
  }

  /** A change while something is dragged or played. */
  drag(change: Partial<State>): void {
    this.write({ ...this.now, ...change }, 'replaceState');
  }

  /** The whole address of this view with a change, for links. */
  link(change: Partial<State> = {}): string {
    return `${location.href.replace(/#.*$/, '')}#${formatted({ ...this.now, ...change })}`;
  }

  private write(state: State, how: 'pushState' | 'replaceState', mark: unknown = null): void {
    const hash = `#${formatted(state)}`;
    if (hash !== location.hash) {
      try {
        history[how](mark, '', hash);
      } catch {
        // A page in a frame without an origin may not: it still shows what was asked for.
      }
    }
    this.now = parsed(hash);
  }

  private look(): void {
    this.now = parsed(location.hash);
  }
}

const wasChance = (): boolean =>
  typeof history.state === 'object' && history.state !== null && 'chance' in (history.state as object);
