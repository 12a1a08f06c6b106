/** What is asked for anew every few seconds stays as it is until the answer is here: a page that breathes tires the eye. */
import type { Remote } from '../../shell/remote.svelte';

export function calm<T>(now: Remote<T>): Remote<T> {
  return now.kind === 'waiting' && now.last !== undefined ? { kind: 'here', value: now.last, last: now.last } : now;
}
