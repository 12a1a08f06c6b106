/** All that the parts of the page share: its settings, its net, its address, and what follows from them. */
import { movesOf } from '../core/moves';
import { format, noise, type Spot } from '../core/spots';
import type { Manifest } from '../model';
import { Address } from './address.svelte';
import { type Look, Net } from './net.svelte';
import { classOf, codeAt, placed, seedOf } from './places';
import { preferences } from './preferences.svelte';
import type { Settings, Still } from './settings';
import { type ViewName, VIEWS } from './state';
import type { Origin, Shown } from './synthetic';

export class Site {
  readonly net: Net;
  readonly address = new Address();
  /** What was done, for those who hear the page: "Link copied." */
  said = $state('');

  constructor(
    readonly settings: Settings,
    readonly stills: readonly Still[],
  ) {
    this.net = new Net(settings);
    preferences.begin(settings.language);
    this.address.begin();
  }

  get manifest(): Manifest | undefined {
    return this.net.model?.manifest;
  }
  /** Whether the net makes pictures; a classifier answers about them. Known before the net is loaded. */
  get draws(): boolean {
    return this.manifest ? this.manifest.kind !== 'cnn' : this.settings.start_seed !== null;
  }
  /** Whether seeds are laid into the mixture of an autoencoder's codes; such places share no length. */
  get flat(): boolean {
    return this.settings.mixture && !!this.manifest?.prior;
  }
  get classes(): readonly string[] {
    return this.manifest?.classes ?? [];
  }
  readonly views: readonly ViewName[] = $derived.by(() =>
    this.manifest?.graphs.encode === undefined ? VIEWS.filter((view) => view !== 'photo') : VIEWS,
  );
  readonly view: ViewName = $derived.by(() =>
    this.views.includes(this.address.now.view) ? this.address.now.view : 'picture',
  );

  /** Where one is. */
  readonly place: string = $derived.by(() => {
    const { at, seed } = this.address.now;
    return format(placed(at) ?? noise(Math.max(0, seed)));
  });
  readonly spot: Spot = $derived.by(() => placed(this.place) as Spot);
  readonly seed: number | undefined = $derived.by(() => seedOf(this.spot));

  /** Those of no known direction are left out. */
  readonly moves: Readonly<Record<string, number>> = $derived.by(() => {
    const known = new Set((this.manifest?.directions ?? []).map(({ name }) => name));
    return Object.fromEntries([...movesOf(this.address.now.move)].filter(([name]) => known.has(name)));
  });
  private readonly labelSet = $derived.by(() => this.classes.indexOf(this.address.now.class));
  private readonly truncation = $derived.by(() => this.address.now.truncation);

  /** The look of a place, by what the controls say. */
  look(spot: Spot): Look {
    const { length } = this.classes;
    const label = length ? (this.labelSet >= 0 ? this.labelSet : classOf(spot, length)) : undefined;
    return { label, truncation: this.truncation, moves: this.moves };
  }

  /** Text that is the same for the same picture only. */
  name(spot: Spot, look = this.look(spot)): string {
    return `${format(spot)} ${look.label ?? ''} ${look.truncation} ${JSON.stringify(look.moves)}`;
  }

  code(spot: Spot): Float32Array {
    const { model } = this.net;
    const size = model?.manifest.latent?.size;
    if (!model || !size) return new Float32Array();
    try {
      return codeAt(spot, size, (seed) => model.code(seed, { mixture: this.flat }));
    } catch {
      // A code of another net, in somebody's link.
      return new Float32Array(size);
    }
  }

  picture(spot: Spot): Promise<Shown> {
    const look = this.look(spot);
    return this.net.named(this.name(spot, look), () => this.code(spot), look);
  }

  /** What a person reads, or hears, of a place. */
  words(spot: Spot): string {
    const { words } = preferences;
    const seed = seedOf(spot);
    if (seed !== undefined) return words.ofSeed(seed);
    return spot.some(({ what }) => what.kind === 'code') ? words.ofCode : words.ofMix(spot.length);
  }

  alt(spot: Spot): string {
    const { label } = this.look(spot);
    return preferences.words.madeOf(this.words(spot), label === undefined ? '' : (this.classes[label] ?? ''));
  }

  /** What is written into a picture of a seed, or of no single one. */
  origin(seed: number | undefined): Origin {
    const { manifest, settings } = this;
    return {
      title: settings.title,
      net: manifest ? `${manifest.made_by}: ${manifest.kind} ${manifest.net}, ${manifest.data}` : 'nonesuch',
      place: this.address.link().replace(/^.*#/, '#'),
      seed,
      licence: settings.licence,
    };
  }

  /** To a place, seen large. */
  go(spot: Spot, view: ViewName = 'picture'): void {
    const seed = seedOf(spot);
    this.address.set(seed === undefined ? { view, at: format(spot) } : { view, at: '', seed });
  }
}
