/** Pictures on their way into a data set: a few at a time, counted, stoppable, with a reason for each that is refused. */
import { api, asked, Problem, send, wordsOf } from '../../api/client';
import { each } from '../../core/dropped';

const AT_ONCE = 3;
const MOST_TOLD = 20;

export class Giving {
  running = $state(false);
  done = $state(0);
  total = $state(0);
  added = $state(0);
  known = $state(0);
  refused: { name: string; reason: string }[] = $state([]);
  private stopped = false;

  /** Put files into the classes of a data set; classes that are missing are made. */
  async files(data: string, classes: Map<string, File[]>, known: readonly string[]): Promise<void> {
    const all = [...classes].flatMap(([label, files]) => files.map((file) => ({ label, file })));
    this.running = true;
    this.stopped = false;
    [this.done, this.added, this.known, this.total] = [0, 0, 0, all.length];
    this.refused = [];
    try {
      for (const label of classes.keys()) if (!known.includes(label)) await addClass(data, label);
      await each(
        all,
        AT_ONCE,
        async ({ label, file }) => {
          await this.one(data, label, file, file.name);
          this.done++;
        },
        () => this.stopped,
      );
    } catch (error) {
      this.refused.push({ name: data, reason: wordsOf(error) });
    } finally {
      this.running = false;
    }
  }

  /** Put one picture into a class. */
  async one(data: string, label: string, picture: Blob, name: string): Promise<void> {
    try {
      const kept = await send(
        `/api/uploads/pictures/${encodeURIComponent(data)}?label=${encodeURIComponent(label)}`,
        picture,
      );
      if ((kept as { new: boolean }).new) this.added++;
      else this.known++;
    } catch (error) {
      if (this.refused.length < MOST_TOLD) this.refused.push({ name, reason: wordsOf(error) });
      // Where one cannot get in because there is no room, none can.
      if (error instanceof Problem && error.kind === 'MachineError') this.stopped = true;
    }
  }

  stop(): void {
    this.stopped = true;
  }
}

export const addClass = (data: string, name: string) =>
  asked(
    api.POST('/api/data/{data_id}/edits', { params: { path: { data_id: data } }, body: { edit: 'add_class', name } }),
  );
