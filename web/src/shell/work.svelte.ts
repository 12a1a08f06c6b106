/** Long work whose id stands in the address: how far it is, what came of it, or why nothing did. */
import { api, asked, Problem, wordsOf } from '../api/client';
import { follow, type Heard } from '../api/events';
import type { components } from '../api/schema';

type Detail = components['schemas']['TaskDetail'];
type Line = components['schemas']['TaskLine'];

export class Work<R> {
  /** undefined while there is none, or nothing is known of it yet. */
  line: Pick<Line, 'state' | 'done' | 'total' | 'words'> | undefined = $state.raw();
  result: R | undefined = $state.raw();
  problem = $state('');
  private turn = $state(0);
  /** Whose result it is: while the address names the next one already, files are still those of this one. */
  private made = $state('');

  // The address changes with every step one takes; the id in it seldom does, and only then is anything begun anew.
  private readonly task = $derived.by(() => this.id());

  constructor(readonly id: () => string) {
    $effect(() => {
      const { task } = this;
      void this.turn;
      this.line = this.result = undefined;
      this.problem = '';
      if (!task) return;
      let gone = false;
      const end = follow(`task:${task}`, (heard) => this.hear(task, heard, () => gone));
      void this.look(task, () => gone);
      return () => {
        gone = true;
        end();
      };
    });
  }

  get running(): boolean {
    return this.line?.state === 'running';
  }

  /** The address of a file that came of it. */
  file(name: string): string {
    return `/api/tasks/${this.made}/files/${name}`;
  }

  readonly cancel = async (): Promise<void> => {
    try {
      await asked(api.POST('/api/tasks/{task_id}/cancel', { params: { path: { task_id: this.id() } } }));
    } catch (error) {
      this.problem = wordsOf(error);
    }
    this.turn++;
  };

  private async look(task_id: string, gone: () => boolean): Promise<void> {
    try {
      const found: Detail = await asked(api.GET('/api/tasks/{task_id}', { params: { path: { task_id } } }));
      if (gone()) return;
      this.line = found.task;
      this.made = task_id;
      this.result = found.task.state === 'done' ? (found.result as R) : undefined;
      if (found.task.state === 'failed') this.problem = found.task.words;
      if (found.task.state === 'lost') this.problem = 'This was interrupted before it was done: begin it again.';
    } catch (error) {
      if (gone()) return;
      const old = error instanceof Problem && error.status === 404;
      this.problem = old ? 'This is no longer kept: begin it again.' : wordsOf(error);
    }
  }

  private hear(task: string, { event, alive }: Heard, gone: () => boolean): void {
    if (event?.kind === 'progressed') {
      this.line = {
        state: 'running',
        done: Number(event.done),
        total: Number(event.total),
        words: String(event.words),
      };
    }
    // A process that is gone without a last word was killed: the task itself says so.
    if (event?.kind === 'ended' || (alive === false && this.running)) void this.look(task, gone);
  }
}
