/** Last wins: while one request is under way only the newest of those that come in waits; the others are dropped. */

export interface Latest<A> {
  ask(argument: A): void;
  /** Forgets what waits and gives up what is under way. */
  stop(): void;
}

export function latest<A, R>(
  work: (argument: A, signal: AbortSignal) => Promise<R>,
  done: (result: R, argument: A) => void,
  failed: (error: unknown, argument: A) => void,
): Latest<A> {
  let waiting: { argument: A } | undefined;
  let running: AbortController | undefined;

  async function run(argument: A): Promise<void> {
    const mine = (running = new AbortController());
    try {
      const result = await work(argument, mine.signal);
      if (!mine.signal.aborted) done(result, argument);
    } catch (error) {
      if (!mine.signal.aborted) failed(error, argument);
    }
    if (running !== mine) return;
    running = undefined;
    const next = waiting;
    waiting = undefined;
    if (next !== undefined) void run(next.argument);
  }

  return {
    ask(argument) {
      if (running === undefined) void run(argument);
      else waiting = { argument };
    },
    stop() {
      waiting = undefined;
      running?.abort();
      running = undefined;
    },
  };
}
