/** From the form to a plan: what is typed into a setting becomes a value, or words that say what is wrong with it. */
import type { components } from '../../api/schema';
import type { Kind } from './state';

export type Setting = components['schemas']['SettingLine'];
export type Plan = components['schemas']['Plan'];
export type Value = Setting['default'];

export interface Budget {
  readonly by: 'minutes' | 'images' | 'preset';
  readonly amount: number;
}

/** Which labels are the classes, and which classes are left out; what is not there is left to the data set itself. */
export interface Chosen {
  readonly label?: string;
  readonly without?: readonly string[];
}

/** What a setting's control shows for a value. */
export function shown(value: Value): string {
  return Array.isArray(value) ? value.join(', ') : value === null ? '' : String(value);
}

/** The value that a person typed. Throws an Error with words when it is none. */
export function typed(setting: Setting, text: string): Value {
  const words = text.trim();
  switch (setting.type) {
    case 'yes_no':
      return words === 'true';
    case 'choice':
      return setting.choices.find((choice) => String(choice) === words) ?? words;
    case 'choices':
      return words === '' ? [] : words.split(/\s*,\s*/);
    case 'wholes': {
      const numbers = words.split(/[\s,]+/).map((part) => number(part, true));
      if (numbers.length < setting.fewest || (setting.longest !== null && numbers.length > setting.longest))
        throw new Error(`give ${counted(setting)}, separated by commas`);
      if (numbers.some((each) => each < 1)) throw new Error('each is 1 or more');
      return numbers;
    }
    default: {
      if (words === '' && setting.default === null) return null;
      const value = number(words, setting.type === 'whole');
      const complaint = outside(setting, value);
      if (complaint) throw new Error(complaint);
      return value;
    }
  }
}

function number(words: string, whole: boolean): number {
  const value = Number(words.replace(',', '.'));
  if (words === '' || !Number.isFinite(value)) throw new Error('a number, please');
  if (whole && !Number.isInteger(value)) throw new Error('a whole number, please');
  return value;
}

function outside({ least, most, above, below }: Setting, value: number): string {
  if (least !== null && (above ? value <= least : value < least))
    return above ? `more than ${least}` : `${least} or more`;
  if (most !== null && (below ? value >= most : value > most)) return below ? `less than ${most}` : `${most} or less`;
  return '';
}

const counted = ({ fewest, longest }: Setting): string =>
  fewest === longest
    ? `${fewest} numbers`
    : longest === null
      ? `${fewest} numbers or more`
      : `${fewest} to ${longest} numbers`;

/** The plan to send: only what differs from the preset, so that a preset's other numbers stay its own. */
export function planOf(
  kind: Kind,
  net: string,
  data: string,
  budget: Budget,
  settings: readonly Setting[],
  changed: Readonly<Record<string, Value>>,
  chosen: Chosen = {},
): Plan {
  const names = new Set(settings.map((setting) => setting.name));
  const kept = Object.entries(changed).filter(([name]) => names.has(name));
  return {
    kind,
    net,
    data,
    ...(budget.by === 'preset' ? {} : { [budget.by]: budget.amount }),
    ...chosen,
    settings: Object.fromEntries(kept),
  } as Plan;
}

/** A setting's name as a label: the last part of "train.optimizer.rate", in words. */
export function label(name: string): string {
  const words = LABELS[name] ?? (name.split('.').at(-1) as string).replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const LABELS: Readonly<Record<string, string>> = {
  'train.optimizer.name': 'optimizer',
  'train.optimizer.rate': 'learning rate',
  'train.batch': 'pictures a step',
  'net.options.latent': 'numbers in a code',
  'net.options.width': 'width',
  'objective.alternate': 'whose turn it is',
  'objective.turn': 'length of a turn',
  'train.augment.flip': 'mirror pictures',
  'train.augment.shift': 'shift pictures',
  'train.augment.scale': 'scale pictures',
  'net.options.scale': 'scale of the logits',
  'train.ema_half_life': 'half-life of the average',
  'objective.augment': 'augmentation of what the critic sees',
};
