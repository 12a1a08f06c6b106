/** Files to the visitor's disk, and which keys are the page's. */

export function saved(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = `${fileName(name)}.png`;
  link.click();
  // The browser takes hold of the file within this time; then it may be forgotten.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Letters and digits of any language; all else, such as slashes of a hostile title, becomes a dash. */
export const fileName = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80) || 'picture';

/** Whether a key is a shortcut of the page: without modifiers, and not where somebody types or chooses. */
export function isOurs(event: KeyboardEvent): boolean {
  const { target } = event;
  const typing = target instanceof HTMLElement && target.closest('input, select, textarea, [contenteditable]') !== null;
  return !typing && !event.ctrlKey && !event.metaKey && !event.altKey && !event.defaultPrevented;
}
