/** What the address says of the room Train: which run is watched, beside which other, at which moment of its life. */
import { choice, flag, list, text, whole, type Fields } from '../../core/url';

export type Kind = 'gan' | 'vae' | 'ae' | 'cnn';

export interface TrainState {
  /** '' while a new training is planned. */
  readonly run: string;
  /** Runs whose curves are drawn beside those of `run`. */
  readonly beside: readonly string[];
  /** Images seen of the frame that is looked at; -1 is the newest. */
  readonly moment: number;
  readonly across: 'images' | 'seconds';
  /** Whose half of the step is spelled out. */
  readonly half: 'both' | 'critic' | 'generator';
  readonly stage: number;
  readonly kind: Kind;
  readonly net: string;
  readonly data: string;
  readonly advanced: boolean;
}

export const FIELDS: Fields<TrainState> = {
  run: text('', 100),
  beside: list(text('', 100), [], 3),
  moment: whole(-1, -1, 999_999_999_999),
  across: choice('images', 'seconds'),
  half: choice('both', 'critic', 'generator'),
  stage: whole(0, 0, 12),
  kind: choice('gan', 'vae', 'ae', 'cnn'),
  net: text('', 40),
  data: text('', 100),
  advanced: flag(),
};
