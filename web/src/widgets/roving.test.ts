import { expect, test } from 'vitest';
import { roved } from './roving';

/** Seven buttons in rows of three. */
function grid() {
  const list = document.createElement('ul');
  for (let place = 0; place < 7; place++) {
    const button = document.createElement('button');
    Object.defineProperty(button, 'offsetTop', { value: Math.floor(place / 3) * 20 });
    list.append(button);
  }
  document.body.replaceChildren(list);
  return (key: string, from: number) => {
    let found: number | undefined;
    list.onkeydown = (event) => (found = roved(event as Parameters<typeof roved>[0], from));
    list.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true }));
    return found;
  };
}

test.each([
  ['ArrowRight', 0, 1],
  ['ArrowLeft', 0, 0],
  ['ArrowDown', 1, 4],
  ['ArrowUp', 4, 1],
  ['ArrowDown', 5, 6],
  ['Home', 5, 0],
  ['End', 1, 6],
])('%s from %i goes to %i', (key, from, to) => {
  const press = grid();
  expect(press(key, from)).toBe(to);
  expect(document.activeElement).toBe(document.querySelectorAll('button')[to]);
});

test('other keys are left alone', () => {
  expect(grid()('Tab', 3)).toBeUndefined();
});
