/** A run that is watched: its log so far and everything it says from now on, as one story. */
import { api, asked, wordsOf } from '../../api/client';
import { follow, type Heard } from '../../api/events';
import type { operations } from '../../api/schema';
import { EMPTY, told, type LoggedEvent, type Story } from './story';

export type Wish = operations['wish']['requestBody']['content']['application/json'];

/** Steps of the log that a chart has room for. */
const POINTS = 1500;

export class Watch {
  story: Story = $state.raw(EMPTY);
  /** Whether a process trains it now; undefined until the server has said so. */
  alive: boolean | undefined = $state();
  problem = $state('');
  private heard: LoggedEvent[] = [];
  private planned = 0;
  private anew = false;
  private ended: (() => void) | undefined;
  private over = false;

  constructor(readonly id: string) {
    void this.begin();
  }

  private async begin(): Promise<void> {
    try {
      const path = { params: { path: { run_id: this.id }, query: { points: POINTS } } };
      const log = await asked(api.GET('/api/runs/{run_id}/events', path));
      if (this.over) return;
      this.story = told(EMPTY, log.events);
      this.ended = follow(`run:${this.id}`, (news) => this.hear(news), log.end);
    } catch (error) {
      this.problem = wordsOf(error);
    }
  }

  /** Many events come at once: a page draws them together, once a frame. */
  private hear(news: Heard): void {
    if (news.alive !== undefined) this.alive = news.alive;
    if (news.event === undefined) return;
    if (news.start === 0) {
      this.anew = true;
      this.heard = [];
    }
    this.heard.push(news.event as unknown as LoggedEvent);
    this.planned ||= requestAnimationFrame(() => {
      this.planned = 0;
      this.story = told(this.anew ? EMPTY : this.story, this.heard);
      this.anew = false;
      this.heard = [];
    });
  }

  async wish(wish: Wish): Promise<void> {
    await this.try(api.POST('/api/runs/{run_id}/wishes', { params: { path: { run_id: this.id } }, body: wish }));
  }

  /** Go on training from the newest snapshot. */
  async start(): Promise<void> {
    await this.try(api.POST('/api/runs/{run_id}/start', { params: { path: { run_id: this.id } } }));
  }

  private async try(answer: Parameters<typeof asked>[0]): Promise<void> {
    this.problem = '';
    try {
      await asked(answer);
    } catch (error) {
      this.problem = wordsOf(error);
    }
  }

  close(): void {
    this.over = true;
    this.ended?.();
    if (this.planned) cancelAnimationFrame(this.planned);
  }
}
