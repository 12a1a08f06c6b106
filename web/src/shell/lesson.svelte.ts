/** A lesson is a link: `?hide=stride,chain` takes controls away, `?say=…` puts the teacher's words above the room. */
import { flag, list, read, text } from '../core/url';
import { place } from './location.svelte';

const fields = { hide: list(text()), say: text(), quiet: flag() };

class Lesson {
  private readonly now = $derived(read(fields, place.query));

  get words(): string {
    return this.now.say;
  }

  /** Whether the explanations of the rooms are left out. */
  get quiet(): boolean {
    return this.now.quiet;
  }

  hides(control: string): boolean {
    return this.now.hide.includes(control);
  }

  /** What a lesson has set, to be carried from room to room. */
  get query(): string {
    const kept = new URLSearchParams();
    const found = new URLSearchParams(place.query);
    for (const name in fields) if (found.has(name)) kept.set(name, found.get(name) as string);
    return kept.toString();
  }
}

export const lesson = new Lesson();
