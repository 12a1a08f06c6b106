/** What a person has said of a page, as it stands in the address; and sizes, as they are read. */
import type { components } from '../../api/schema';
import { choice, type Fields, flag, text } from '../../core/url';

export type Schemas = components['schemas'];
export type Plan = Schemas['PublishingPlan'];
export type Done = Schemas['PublishingDone'];
export type Language = Schemas['PublishingAsked']['language'];
export type Precision = Schemas['PublishingAsked']['precision'];

export interface State {
  run: string;
  /** The task that makes, or has made, the page. */
  task: string;
  title: string;
  thing: string;
  words: string;
  language: Language;
  licence: string;
  uses: string;
  url: string;
  precision: Precision;
  mark: boolean;
  tiny: boolean;
}

export const fields: Fields<State> = {
  run: text(),
  task: text(),
  title: text('', 200),
  thing: text('', 200),
  words: text('', 20_000),
  language: choice('en', 'de', 'auto'),
  licence: text('', 200),
  uses: text('', 20_000),
  url: text('', 200),
  precision: choice('fp16', 'int8', 'fp32'),
  mark: flag(),
  tiny: flag(),
};

export const LANGUAGES: readonly { value: Language; label: string }[] = [
  { value: 'en', label: 'English' },
  { value: 'de', label: 'Deutsch' },
  { value: 'auto', label: 'The visitor’s' },
];

/** Bytes as a person reads them. */
export function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

const PRECISE: Record<Precision, string> = {
  int8: 'whole numbers of 8 bits',
  fp16: 'half precision',
  fp32: 'as trained',
};

/** "int8 · 64 kB · whole numbers of 8 bits". */
export const weightsNamed = ({ precision, bytes }: Plan['weights'][number]) => ({
  value: precision,
  label: `${precision} · about ${size(bytes)} · ${PRECISE[precision]}`,
});

/** What the server takes: a body without what is only of this view. Agreements are not part of the address. */
export const body = (state: State, agreed: { neighbours: boolean; yes: boolean }): Schemas['PublishingAsked'] => ({
  run: state.run,
  title: state.title,
  thing: state.thing,
  words: state.words,
  language: state.language,
  licence: state.licence,
  forbidden_uses: state.uses,
  precision: state.precision,
  mark: state.mark,
  tiny: state.tiny,
  url: state.url,
  ...agreed,
});
