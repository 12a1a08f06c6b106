/** A classifier being asked: the picture, the filters as they are now, and the answers, the newest question first. */
import type { Answer, Heat, Model, Picture, Shown } from '../../model';

export class Asking {
  /** As the net sees it. */
  seen: Picture | undefined = $state.raw();
  answer: Answer | undefined = $state.raw();
  /** The answer with the filters as learnt, where they have been changed. */
  before: Answer | undefined = $state.raw();
  heat: Heat | undefined = $state.raw();
  /** Index of the class that is explained; -1 for the likeliest. */
  wish = $state(-1);
  filters: Float32Array = $state.raw(new Float32Array());
  problem = $state('');
  private source: Shown | undefined;
  private turn = 0;
  private busy = false;
  private again = false;

  constructor(readonly model: Model) {
    this.filters = this.learnt;
  }

  get learnt(): Float32Array {
    return Float32Array.from(this.model.manifest.filters?.values ?? []);
  }
  get changed(): boolean {
    const { values } = this.model.manifest.filters ?? { values: [] };
    return this.filters.some((weight, at) => weight !== Math.fround(values[at] ?? 0));
  }

  /** The class that is explained now. */
  get explained(): number {
    return this.wish >= 0 ? this.wish : (this.answer?.classes[0]?.index ?? 0);
  }

  show(picture: Shown): void {
    // Brought to the net's size at once: a video goes on, and a canvas is drawn on again.
    this.seen = this.model.fitted(picture);
    this.source = this.seen;
    this.before = undefined;
    void this.ask();
  }

  change(filters: Float32Array): void {
    this.filters = filters;
    void this.ask();
  }

  explain(wish: number): void {
    this.wish = wish;
    void this.ask();
  }

  /** One question at a time; of those that came meanwhile only the last is put. */
  private async ask(): Promise<void> {
    this.again = true;
    if (this.busy) return;
    this.busy = true;
    while (this.again && this.source) {
      this.again = false;
      await this.put(this.source, ++this.turn);
    }
    this.busy = false;
  }

  private async put(picture: Shown, turn: number): Promise<void> {
    try {
      const changed = this.changed;
      this.answer = await this.model.predict(picture, { filters: this.filters });
      if (changed) this.before ??= await this.model.predict(picture);
      if (turn !== this.turn) return;
      const heat = await this.model.explain(picture, this.explained);
      if (picture === this.source) this.heat = heat;
      this.problem = '';
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
  }
}
