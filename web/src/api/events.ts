/** The one event stream of a page: whoever follows a run or a task shares it, and goes on where it was after a break. */

export interface Heard {
  readonly source: string;
  readonly start?: number;
  readonly event?: Readonly<Record<string, unknown>> & { readonly kind: string };
  readonly alive?: boolean;
}

type Hear = (heard: Heard) => void;

/** What EventSource is needed for; tests pass their own. */
export interface Stream {
  onmessage: ((message: MessageEvent<string>) => void) | null;
  close(): void;
}

export class Following {
  private readonly hearers = new Map<string, Set<Hear>>();
  private readonly places = new Map<string, string>();
  private stream: Stream | undefined;
  private followed: readonly string[] = [];
  private planned = false;

  constructor(private readonly open: (address: string) => Stream) {}

  /** Calls `hear` with everything that happens in `run:ID` or `task:ID`, from `after` on; returns how to end it. */
  follow(source: string, hear: Hear, after = 0): () => void {
    const hearers = this.hearers.get(source) ?? new Set();
    if (!hearers.size) this.places.set(source, String(after));
    this.hearers.set(source, hearers.add(hear));
    this.plan();
    return () => {
      hearers.delete(hear);
      if (hearers.size || this.hearers.get(source) !== hearers) return;
      this.hearers.delete(source);
      this.places.delete(source);
      this.plan();
    };
  }

  /** Many may begin or end at once, as when a room is left: the stream is opened anew only once. */
  private plan(): void {
    if (this.planned) return;
    this.planned = true;
    queueMicrotask(() => {
      this.planned = false;
      this.renew();
    });
  }

  private renew(): void {
    this.stream?.close();
    this.followed = [...this.hearers.keys()];
    this.stream = undefined;
    if (!this.followed.length) return;
    const after = this.followed.map((source) => this.places.get(source)).join(',');
    const query = new URLSearchParams({ follow: this.followed.join(','), after });
    this.stream = this.open(`/api/events?${query}`);
    this.stream.onmessage = (message) => this.heard(message);
  }

  private heard(message: MessageEvent<string>): void {
    const heard = JSON.parse(message.data) as Heard;
    // The browser repeats the last id with messages that have none: only what was in a log has a place.
    if (heard.event !== undefined) {
      message.lastEventId.split(',').forEach((place, at) => this.places.set(this.followed[at] as string, place));
    }
    for (const hear of this.hearers.get(heard.source) ?? []) hear(heard);
  }
}

const following = new Following((address) => new EventSource(address));

export const follow = following.follow.bind(following);
