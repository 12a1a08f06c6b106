/** Something that comes from the server, as a view shows it: waiting, here, or a problem in words. */
import { untrack } from 'svelte';
import { wordsOf } from '../api/client';

export type Remote<T> =
  | { readonly kind: 'waiting'; readonly last?: T }
  | { readonly kind: 'problem'; readonly words: string; readonly last?: T }
  | { readonly kind: 'here'; readonly value: T; readonly last: T };

/** Loads anew whenever what `load` reads changes; answers to earlier questions are dropped. `undefined` loads nothing. */
export function remote<T>(load: (signal: AbortSignal) => Promise<T> | undefined): {
  readonly now: Remote<T>;
  again(): void;
} {
  let now: Remote<T> = $state.raw({ kind: 'waiting' });
  let turn = $state(0);
  $effect(() => {
    void turn;
    const giveUp = new AbortController();
    const promise = load(giveUp.signal);
    if (promise === undefined) {
      now = { kind: 'waiting' };
      return;
    }
    // What was there before stays visible until the new is here: no flicker.
    const last = untrack(() => now.last);
    now = last === undefined ? { kind: 'waiting' } : { kind: 'waiting', last };
    promise.then(
      (value) => {
        if (!giveUp.signal.aborted) now = { kind: 'here', value, last: value };
      },
      (error: unknown) => {
        if (!giveUp.signal.aborted) now = { kind: 'problem', words: wordsOf(error) };
      },
    );
    return () => giveUp.abort();
  });
  return {
    get now() {
      return now;
    },
    again: () => void turn++,
  };
}
