/** Long work as a room sees it: begun, followed on the event stream, cancelled, and what came of it. */
import { api, asked, Problem } from '../api/client';
import { follow } from '../api/events';
import type { components } from '../api/schema';

type TaskLine = components['schemas']['TaskLine'];
type TaskDetail = components['schemas']['TaskDetail'];

const WORDS: Partial<Record<TaskLine['state'], string>> = {
  cancelled: 'It was cancelled.',
  lost: 'Its process was ended from outside.',
};

const end = (id: string) => api.POST('/api/tasks/{task_id}/cancel', { params: { path: { task_id: id } } });

export class Task {
  running = $state(false);
  done = $state(0);
  total = $state(0);
  words = $state('');
  private id = '';
  private turn = 0;

  /** Begin, and wait for the end; `signal` gives it up. Throws Problem when it failed, was cancelled or got lost. */
  async run(begin: () => Promise<TaskLine>, signal?: AbortSignal): Promise<TaskDetail> {
    const turn = ++this.turn;
    this.running = true;
    [this.done, this.total, this.words] = [0, 0, ''];
    try {
      const id = (this.id = (await begin()).id);
      const giveUp = () => void end(id);
      if (signal?.aborted) giveUp();
      signal?.addEventListener('abort', giveUp);
      await this.ended(id);
      signal?.removeEventListener('abort', giveUp);
      const detail = await asked(api.GET('/api/tasks/{task_id}', { params: { path: { task_id: id } } }));
      if (detail.task.state === 'done') return detail;
      throw new Problem(WORDS[detail.task.state] ?? detail.task.words, 'Task', 0);
    } finally {
      // A later question may be under way already.
      if (turn === this.turn) this.running = false;
    }
  }

  cancel(): void {
    if (this.id) void end(this.id);
  }

  private ended(id: string): Promise<void> {
    return new Promise((over) => {
      const stop = follow(`task:${id}`, ({ event, alive }) => {
        if (event?.kind === 'progressed') {
          this.done = Number(event.done);
          this.total = Number(event.total);
          this.words = String(event.words);
        }
        // A process that is gone without a last word was killed: the task says so itself.
        if (event?.kind === 'ended' || alive === false) {
          stop();
          over();
        }
      });
    });
  }
}
