/** Long work as a room sees it: begun, followed on the event stream, cancelled, and what came of it. */
import { api, asked, Problem } from '../../api/client';
import { follow } from '../../api/events';
import type { components } from '../../api/schema';

type TaskLine = components['schemas']['TaskLine'];
type TaskDetail = components['schemas']['TaskDetail'];

export class Task {
  running = $state(false);
  done = $state(0);
  total = $state(0);
  words = $state('');
  private id = '';

  /** Begin, and wait for the end. Throws Problem when it failed, was cancelled or got lost. */
  async run(begin: () => Promise<TaskLine>): Promise<TaskDetail> {
    this.running = true;
    [this.done, this.total, this.words] = [0, 0, ''];
    try {
      this.id = (await begin()).id;
      await this.ended();
      const detail = await asked(api.GET('/api/tasks/{task_id}', { params: { path: { task_id: this.id } } }));
      if (detail.task.state === 'done') return detail;
      const words = {
        cancelled: 'It was cancelled.',
        lost: 'Its process was ended from outside.',
        failed: detail.task.words,
      };
      throw new Problem(words[detail.task.state as keyof typeof words] ?? detail.task.words, 'Task', 0);
    } finally {
      this.running = false;
    }
  }

  cancel(): void {
    if (this.id) void api.POST('/api/tasks/{task_id}/cancel', { params: { path: { task_id: this.id } } });
  }

  private ended(): Promise<void> {
    return new Promise((over) => {
      const stop = follow(`task:${this.id}`, ({ event, alive }) => {
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
