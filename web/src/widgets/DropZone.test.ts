import { mount, unmount } from 'svelte';
import { expect, it, vi } from 'vitest';
import DropZone from './DropZone.svelte';

it('takes a dropped file that has no entry', async () => {
  const onfiles = vi.fn();
  const zone = mount(DropZone, { target: document.body, props: { label: 'Drop here', onfiles } });
  const file = new File(['x'], 'a.png', { type: 'image/png' });
  const drop = new Event('drop', { bubbles: true, cancelable: true });
  Object.assign(drop, { dataTransfer: { items: [{ webkitGetAsEntry: () => null }], files: [file] } });
  document.querySelector('label')?.dispatchEvent(drop);
  expect(onfiles).toHaveBeenCalledExactlyOnceWith([{ file, path: 'a.png' }]);
  await unmount(zone);
});
