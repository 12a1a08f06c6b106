import { expect, test } from 'vitest';
import { each, filesIn, isPicture, isZip, sorted } from './dropped';

const files = (...paths: string[]) => paths.map((path) => ({ file: path, path }));
const grouped = (...paths: string[]) => Object.fromEntries(sorted(files(...paths), 'loose'));

test('folders are classes, and one folder around them is the data set', () => {
  expect(grouped('cat/1.png', 'dog/2.JPG')).toEqual({ cat: ['cat/1.png'], dog: ['dog/2.JPG'] });
  expect(grouped('pets/cat/1.png', 'pets/dog/deep/2.png')).toEqual({
    cat: ['pets/cat/1.png'],
    dog: ['pets/dog/deep/2.png'],
  });
  expect(grouped('cat/1.png', 'cat/2.png')).toEqual({ cat: ['cat/1.png', 'cat/2.png'] });
  expect(grouped('pets/1.png', 'pets/dog/2.png')).toEqual({ loose: ['pets/1.png'], dog: ['pets/dog/2.png'] });
  expect(grouped('1.png')).toEqual({ loose: ['1.png'] });
  expect(grouped('notes.txt')).toEqual({});
});

test('what is hidden or no picture is left', () => {
  expect(['a.png', 'b.tiff', 'c.webp'].every(isPicture)).toBe(true);
  expect(['a.svg', '.a.png', 'x/.hidden/a.png', '__MACOSX/a.png', 'a.html', 'png'].some(isPicture)).toBe(false);
  expect([isZip('a.ZIP'), isZip('zip')]).toEqual([true, false]);
});

test('so many at a time, all of them, until stopped', async () => {
  let now = 0;
  let most = 0;
  const done: number[] = [];
  const work = async (item: number) => {
    most = Math.max(most, ++now);
    await new Promise((go) => setTimeout(go, 1));
    now--;
    done.push(item);
  };
  await each([1, 2, 3, 4, 5], 2, work);
  expect([most, done]).toEqual([2, [1, 2, 3, 4, 5]]);
  await each([6, 7, 8], 1, work, () => done.includes(6));
  expect(done).toEqual([1, 2, 3, 4, 5, 6]);
});

/** Entries as browsers give them: readers in portions, and a file that may refuse. */
const file = (fullPath: string, refused = false) =>
  ({
    isFile: true,
    fullPath,
    file: (done: (file: File) => void, failed: (error: DOMException) => void) =>
      refused ? failed(new DOMException('gone', 'NotFoundError')) : done(new File([], fullPath)),
  }) as unknown as FileSystemEntry;
const folder = (fullPath: string, ...portions: (FileSystemEntry[] | undefined)[]) =>
  ({
    isFile: false,
    fullPath,
    createReader: () => {
      const left = [...portions, []];
      return {
        readEntries: (done: (some: FileSystemEntry[]) => void, failed: (error: DOMException) => void) => {
          const some = left.shift();
          if (some) done(some);
          else failed(new DOMException('forbidden', 'NotReadableError'));
        },
      };
    },
  }) as unknown as FileSystemEntry;

test('folders are walked to their end, and what cannot be read is named beside the rest', async () => {
  const found = await filesIn([
    folder(
      '/pets',
      [file('/pets/1.png'), file('/pets/2.png', true)],
      [folder('/pets/cat', [file('/pets/cat/3.png')]), folder('/pets/locked', undefined)],
    ),
    file('/4.png'),
  ]);
  expect(found.files.map(({ path }) => path)).toEqual(['pets/1.png', 'pets/cat/3.png', '4.png']);
  expect(found.files.every(({ file }) => file instanceof File)).toBe(true);
  expect(found.unread).toEqual(['pets/2.png', 'pets/locked']);
});
