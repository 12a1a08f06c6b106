/** A graph that is run at once by what is there, and by something quicker as soon as that has been loaded. */

import type { Session } from './session';

/** `quicker` is asked for after the first run, so that loading it takes nothing from that. Where it fails, `ready` stays. */
export function growing(ready: Session, quicker: () => Promise<Session>): Session {
  let now = ready;
  let asked = false;
  return {
    get runtime() {
      return now.runtime;
    },
    async run(feeds) {
      const found = await now.run(feeds);
      if (!asked) {
        asked = true;
        // No WebAssembly here, or its file is not: slower is better than not at all.
        quicker().then(
          (session) => (now = session),
          () => undefined,
        );
      }
      return found;
    },
  };
}
