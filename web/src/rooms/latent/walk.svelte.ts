/** Where one is in a net's latent space: the address, the net's own facts, and the place as the server is asked for it. */
import { api, asked } from '../../api/client';
import type { components } from '../../api/schema';
import { movesOf, writtenMoves } from '../../core/moves';
import {
  type Coded,
  atCode,
  atSeed,
  atSeeds,
  format,
  needsPlane,
  noise,
  onPlane,
  parse,
  type Plane,
  type Spot,
  sum,
  terms,
} from '../../core/spots';
import type { View } from '../../shell/location.svelte';
import { type Remote, remote } from '../../shell/remote.svelte';
import type { PadKind, State } from './state';

type Schemas = components['schemas'];
export type Space = Schemas['Space'];
export type Cloud = Schemas['Cloud'];
export type Point = Schemas['Point'];
export type Direction = Schemas['FoundDirection'];

/** The noise along which one walks near a place: any two seeds do, as long as they stay the same. */
const NEAR = [77_000_001, 77_000_002] as const;

export class Walk {
  private readonly spaceAsked: { readonly now: Remote<Space>; again(): void };
  private readonly cloudAsked: { readonly now: Remote<Cloud>; again(): void };
  /** Directions that were found and are not kept. */
  found: readonly Direction[] = $state.raw([]);
  /** Replaces those of the space once one was kept or forgotten. */
  private changed: { readonly run: string; readonly list: readonly Direction[] } | undefined = $state.raw();

  constructor(readonly view: View<State>) {
    this.spaceAsked = remote((signal) => {
      const run_id = this.run;
      return run_id ? asked(api.GET('/api/runs/{run_id}/latent', { params: { path: { run_id } }, signal })) : undefined;
    });
    this.cloudAsked = remote((signal) => {
      const { space } = this;
      const column = this.column || undefined;
      if (space === undefined || space.kind === 'gan' || space.problem) return undefined;
      const params = { path: { run_id: space.run }, query: { column } };
      return asked(api.GET('/api/runs/{run_id}/cloud', { params, signal }));
    });
  }

  // Single values of the address: what follows from one of them is left alone while another changes.
  readonly run = $derived.by(() => this.view.now.run);
  private readonly column = $derived.by(() => this.view.now.column);
  private readonly text = $derived.by(() => this.view.now.at);
  get spaceNow(): Remote<Space> {
    return this.spaceAsked.now;
  }
  get cloudNow(): Remote<Cloud> {
    return this.cloudAsked.now;
  }
  again(): void {
    this.spaceAsked.again();
  }

  /** Of the run in the address; not that of the run before, which stays on the screen a little longer. */
  get space(): Space | undefined {
    const { last } = this.spaceAsked.now;
    return last?.run === this.run ? last : undefined;
  }
  readonly cloud = $derived.by(() => {
    const { now } = this.cloudAsked;
    return this.space !== undefined && this.space.kind !== 'gan' && now.kind === 'here' ? now.value : undefined;
  });
  readonly plane: Plane | undefined = $derived.by(() => {
    const { cloud } = this;
    if (!cloud?.centre || !cloud.axes) return undefined;
    const [first, second] = rowsOf(cloud.axes);
    return first && second ? { centre: cloud.centre, axes: [first, second] } : undefined;
  });

  readonly pad: Exclude<PadKind, 'auto'> = $derived.by(() => {
    const { pad } = this.view.now;
    const ownPlane = this.space !== undefined && this.space.kind !== 'gan' && !this.space.problem;
    if (pad === 'plane' && !ownPlane) return 'seeds';
    return pad === 'auto' ? (ownPlane ? 'plane' : 'seeds') : pad;
  });

  readonly spot: Spot = $derived.by(() => parse(this.text) ?? (this.pad === 'plane' ? onPlane(0, 0) : atSeeds(0, 0)));

  /** The seed's place that the pad of seeds stands at; where one is elsewhere, the beginning. */
  readonly onSeeds = $derived.by(() => {
    const [first] = this.spot;
    return this.spot.length === 1 && first?.what.kind === 'seeds' ? first.what : { x: 0, y: 0 };
  });
  readonly onPlane = $derived.by(() => {
    const [first] = this.spot;
    return this.spot.length === 1 && first?.what.kind === 'plane' ? first.what : undefined;
  });

  get kept(): readonly Direction[] {
    return this.changed?.run === this.run ? this.changed.list : (this.space?.directions ?? []);
  }
  set kept(list: readonly Direction[]) {
    this.changed = { run: this.run, list };
  }

  readonly moves = $derived.by(() => movesOf(this.view.now.moves));
  /** Every slider: kept directions, found ones, and single numbers of the code that are moved. */
  readonly sliders: readonly Direction[] = $derived.by(() => {
    const named = [...this.kept, ...this.found.filter(({ name }) => !this.kept.some((each) => each.name === name))];
    const numbers = [...this.moves.keys()].map((name) => this.numberOf(name)).filter((each) => each !== undefined);
    return [...named, ...numbers];
  });

  /** "number 7" is the seventh number of the code as a direction. */
  private numberOf(name: string): Direction | undefined {
    const found = /^number (\d{1,5})$/.exec(name);
    const size = this.space?.latent ?? 0;
    if (found === null || Number(found[1]) < 1 || Number(found[1]) > size) return undefined;
    const values = new Float32Array(size);
    values[Number(found[1]) - 1] = 1;
    return { name, method: 'random', vector: sentOf(values), sigma: 1, share: null };
  }

  move(name: string, amount: number, drag: boolean): void {
    const moves = writtenMoves(new Map(this.moves).set(name, amount));
    if (drag) this.view.drag({ moves });
    else this.view.set({ moves });
  }

  go(spot: Spot, drag = false): void {
    const change = { at: format(spot) };
    if (drag) this.view.drag(change);
    else this.view.set(change);
  }

  /** A place as the server is asked for it, without moves; undefined until all is known. */
  placed(spot: Spot): Point | undefined {
    const { space } = this;
    const mix = space && terms(spot, space.latent, this.plane);
    return mix?.length ? { mix, moves: [], psi: 1, centre: null } : undefined;
  }

  /** Where one is, with everything that is moved. */
  readonly point: Point | undefined = $derived.by(() => {
    const { nx, ny, psi } = this.view.now;
    const base = this.placed(this.spot);
    if (base === undefined) return undefined;
    const moves = [...(this.pad === 'near' ? this.noised(nx, ny) : []), ...this.moved()];
    // An autoencoder that nothing pulled towards 0 has its middle elsewhere.
    const centre = psi === 1 || this.space?.gaussian ? null : (this.plane?.centre ?? null);
    return { ...base, moves, psi, centre };
  });

  private noised(x: number, y: number): Point['moves'] {
    return terms(sum([x, noise(NEAR[0])], [y, noise(NEAR[1])]), this.space?.latent ?? 0) ?? [];
  }

  /** Beside where one is, by so much of two kinds of noise; without what is moved. */
  near(x: number, y: number): Point | undefined {
    const base = this.placed(this.spot);
    return base && { ...base, moves: this.noised(x, y) };
  }

  private moved(): Point['moves'] {
    return this.sliders.flatMap(({ name, vector, sigma }) => {
      const amount = this.moves.get(name);
      return amount ? [{ weight: amount * sigma, code: vector, seed: null, plane: null }] : [];
    });
  }

  readonly named: string | null = $derived.by(() => {
    const classes = this.space?.classes ?? [];
    return classes.length ? (classes.includes(this.view.now.as) ? this.view.now.as : (classes[0] as string)) : null;
  });

  /** The place as a text that stands by itself: short where nothing is moved, else its numbers. */
  async frozen(): Promise<string> {
    const { point } = this;
    if (point === undefined) return '';
    if (!point.moves?.length && point.psi === 1 && !needsPlane(this.spot)) return format(this.spot);
    const path = { run_id: this.run };
    const { code } = await asked(api.POST('/api/runs/{run_id}/code', { params: { path }, body: point }));
    return format(atCode(code));
  }

  /** To a place, with nothing moved. */
  jump(text: string): boolean {
    const spot = /^\d{1,15}$/.test(text) ? atSeed(Number(text)) : parse(text);
    if (spot === undefined) return false;
    const pad =
      spot.length === 1 && spot[0]?.what.kind === 'seeds'
        ? 'seeds'
        : spot.some(({ what }) => what.kind === 'plane')
          ? 'plane'
          : 'near';
    this.view.set({ at: format(spot), pad, moves: [], psi: 1, nx: 0, ny: 0 });
    return true;
  }
}

/** The rows of a block (N, M), each as a block (M,). */
export function rowsOf(sent: Coded): Coded[] {
  const [count = 0, size = 0] = sent.shape;
  const bytes = atob(sent.data);
  const row = bytes.length / count;
  return Array.from({ length: count }, (_, at) => ({
    shape: [size],
    dtype: sent.dtype,
    data: btoa(bytes.slice(at * row, (at + 1) * row)),
  }));
}

export function sentOf(values: Float32Array): Coded {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { shape: [values.length], dtype: 'float32', data: btoa(String.fromCharCode(...bytes)) };
}
