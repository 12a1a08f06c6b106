import { expect, test } from 'vitest';
import { label, planOf, shown, typed, type Setting } from './plan';

const setting = (change: Partial<Setting>): Setting => ({
  name: 'train.batch',
  type: 'whole',
  default: 64,
  help: '',
  advanced: false,
  least: 1,
  most: null,
  above: false,
  below: false,
  choices: [],
  fewest: 0,
  longest: null,
  ...change,
});

test('what is typed becomes a value of the setting', () => {
  expect(typed(setting({}), ' 32 ')).toBe(32);
  expect(typed(setting({ type: 'number' }), '1,5')).toBe(1.5);
  expect(typed(setting({ type: 'yes_no' }), 'true')).toBe(true);
  expect(typed(setting({ type: 'choice', choices: [false, true, 'alternating'] }), 'false')).toBe(false);
  expect(typed(setting({ type: 'choice', choices: [false, 'alternating'] }), 'alternating')).toBe('alternating');
  expect(typed(setting({ type: 'wholes', fewest: 3, longest: 3 }), '32, 32 64')).toEqual([32, 32, 64]);
  expect(typed(setting({ type: 'choices' }), 'colour, cutout')).toEqual(['colour', 'cutout']);
  expect(typed(setting({ default: null }), '')).toBeNull();
});

test.each([
  [{}, '', 'a number, please'],
  [{}, '1.5', 'a whole number, please'],
  [{}, '0', '1 or more'],
  [{ type: 'number', least: 0, above: true }, '0', 'more than 0'],
  [{ type: 'number', most: 1, below: true }, '1', 'less than 1'],
  [{ most: 64 }, '65', '64 or less'],
  [{ type: 'wholes', fewest: 3, longest: 3 }, '1, 2', 'give 3 numbers, separated by commas'],
  [{ type: 'wholes', fewest: 1 }, '0', 'each is 1 or more'],
] as const)('what is no value is said in words: %j %j', (change, text, words) => {
  expect(() => typed(setting(change as Partial<Setting>), text)).toThrow(words);
});

test('a value is shown as it is typed', () => {
  for (const text of ['32, 32, 64']) expect(shown(typed(setting({ type: 'wholes', fewest: 1 }), text))).toBe(text);
  expect(shown(null)).toBe('');
});

test('a plan holds what was changed and belongs to the form, and at most one budget', () => {
  const settings = [setting({})];
  const plan = planOf('gan', 'modern', 'faces', { by: 'minutes', amount: 2 }, settings, { 'train.batch': 32, gone: 1 });
  expect(plan).toEqual({ kind: 'gan', net: 'modern', data: 'faces', minutes: 2, settings: { 'train.batch': 32 } });
  expect(planOf('gan', 'modern', 'faces', { by: 'preset', amount: 2 }, settings, {})).not.toHaveProperty('minutes');
  expect(plan).not.toHaveProperty('without');
  const chosen = { label: 'mood', without: ['sad'] };
  expect(planOf('cnn', 'lecture', 'faces', { by: 'preset', amount: 2 }, [], {}, chosen)).toMatchObject(chosen);
});

test('settings are called what they are', () => {
  expect(label('train.optimizer.rate')).toBe('Learning rate');
  expect(label('train.warm_up')).toBe('Warm up');
});
