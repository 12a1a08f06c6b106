/** Arrow keys among buttons that lie in rows: one of them is in the tab order, and the keys move on from there. */

/** The place to go to, which gets the focus; undefined when the key is none of these. */
export function roved(
  event: KeyboardEvent & { currentTarget: EventTarget & HTMLElement },
  current: number,
): number | undefined {
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  // A row is as long as there are buttons at the height of the first.
  const top = buttons[0]?.offsetTop;
  const row = buttons.filter((button) => button.offsetTop === top).length || 1;
  const to = {
    ArrowLeft: current - 1,
    ArrowRight: current + 1,
    ArrowUp: current - row,
    ArrowDown: current + row,
    Home: 0,
    End: buttons.length - 1,
  }[event.key];
  if (to === undefined) return undefined;
  event.preventDefault();
  const place = Math.min(buttons.length - 1, Math.max(0, to));
  buttons[place]?.focus();
  return place;
}
