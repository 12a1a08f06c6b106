/** The net of the page: loaded once, asked for many pictures at a time, and never asked twice for the same. */
import { load, type Model } from '../model';
import { file, type Settings } from './settings';
import type { Shown } from './synthetic';

/** How a place is drawn: all that is not the place itself. */
export interface Look {
  /** Index of the class, of a generator that is told one. */
  readonly label?: number | undefined;
  readonly truncation: number;
  readonly moves: Readonly<Record<string, number>>;
}

interface Wish {
  readonly code: Float32Array;
  readonly look: Look;
  readonly done: (picture: Shown) => void;
  readonly failed: (error: unknown) => void;
}

/** Pictures that are drawn in one go; after each go the page may breathe. */
const TOGETHER = 12;
const MOST_KEPT = 600;

export class Net {
  state: 'loading' | 'ready' | 'failed' = $state('loading');
  problem = $state('');
  model: Model | undefined = $state.raw();
  /** What computes: the tiny runtime, or ONNX Runtime. */
  runtime = $state('');
  private wishes: Wish[] = [];
  private busy = false;
  private readonly kept = new Map<string, Promise<Shown>>();

  constructor(private readonly settings: Settings) {}

  async begin(): Promise<void> {
    try {
      const folder = this.settings.model.replace(/[^/]*$/, '');
      const { runtime } = this.settings;
      const model = await load(this.settings.model, { runtime, fetch: (name) => file(folder + name) });
      // Now, so that what the browser cannot run is known before anybody waits for a picture.
      await this.tellRuntime(model);
      this.model = model;
      this.state = 'ready';
      void this.work();
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      this.state = 'failed';
    }
  }

  /** What computes now: a quicker runtime may have been loaded meanwhile. */
  private async tellRuntime(model: Model): Promise<void> {
    this.runtime = await model.runtimeOf(model.manifest.graphs.draw ? 'draw' : 'answer');
  }

  /** The picture at a code. `first`: before all that waits, for what is being looked at. */
  at(code: Float32Array, look: Look, first = false): Promise<Shown> {
    return new Promise((done, failed) => {
      const wish = { code, look, done, failed };
      if (first) this.wishes.unshift(wish);
      else this.wishes.push(wish);
      if (this.state === 'failed') failed(new Error(this.problem));
      else queueMicrotask(() => void this.work());
    });
  }

  /** The same, kept under a name that says code and look. */
  named(name: string, code: () => Float32Array, look: Look): Promise<Shown> {
    const found = this.kept.get(name);
    if (found !== undefined) return found;
    const drawn = this.at(code(), look);
    if (this.kept.size >= MOST_KEPT) this.kept.delete(this.kept.keys().next().value as string);
    this.kept.set(name, drawn);
    drawn.catch(() => this.kept.delete(name));
    return drawn;
  }

  private async work(): Promise<void> {
    if (this.busy || this.model === undefined) return;
    this.busy = true;
    while (this.wishes.length) {
      const { look } = this.wishes[0] as Wish;
      const alike = this.wishes.filter((wish) => isSame(wish.look, look)).slice(0, TOGETHER);
      this.wishes = this.wishes.filter((wish) => !alike.includes(wish));
      try {
        const { label, truncation, moves } = look;
        const given = { truncation, move: moves, ...(label === undefined ? {} : { label }) };
        const drawn = await this.model.sample({ z: alike.map(({ code }) => code) }, given);
        alike.forEach(({ done }, place) => done(drawn[place] as Shown));
        await this.tellRuntime(this.model);
      } catch (error) {
        alike.forEach(({ failed }) => failed(error));
      }
      if (this.wishes.length) await new Promise((done) => setTimeout(done));
    }
    this.busy = false;
  }
}

const isSame = (one: Look, other: Look): boolean =>
  one === other ||
  (one.label === other.label &&
    one.truncation === other.truncation &&
    JSON.stringify(one.moves) === JSON.stringify(other.moves));
