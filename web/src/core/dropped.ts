/** Files that were dropped, by the class each goes into: folders are classes, as they are on the disk. */

export interface Dropped<F> {
  readonly file: F;
  /** The path it had in what was dropped: "pets/cat/1.png". */
  readonly path: string;
}

const PICTURE = /\.(png|jpe?g|webp|gif|bmp|tiff?)$/i;
const ZIP = /\.zip$/i;

export const isZip = (path: string): boolean => ZIP.test(path);

/** Hidden files and what operating systems leave behind are nobody's pictures. */
export const isPicture = (path: string): boolean => PICTURE.test(path) && !/(^|\/)(\.|__MACOSX\/)/.test(path);

/**
 * Class by class. One folder around everything is the data set itself, unless there is nothing deeper in it: then it
 * is a class. What lies in no folder goes into `loose`.
 */
export function sorted<F>(files: readonly Dropped<F>[], loose: string): Map<string, F[]> {
  const parts = files.filter(({ path }) => isPicture(path)).map(({ file, path }) => ({ file, way: path.split('/') }));
  const top = parts[0]?.way[0];
  const wrapped = parts.every(({ way }) => way.length > 1 && way[0] === top) && parts.some(({ way }) => way.length > 2);
  const found = new Map<string, F[]>();
  for (const { file, way } of parts) {
    const folders = way.slice(wrapped ? 1 : 0, -1);
    const label = folders[0] ?? loose;
    found.set(label, [...(found.get(label) ?? []), file]);
  }
  return found;
}

/**
 * All files in what was dropped, folders walked, and the paths of what the browser cannot read (no permission, gone
 * meanwhile): one unreadable file does not lose the others.
 */
export async function filesIn(
  entries: readonly FileSystemEntry[],
): Promise<{ readonly files: Dropped<File>[]; readonly unread: string[] }> {
  const unread: string[] = [];
  const walked = async (entry: FileSystemEntry): Promise<Dropped<File>[]> => {
    const path = entry.fullPath.replace(/^\//, '');
    try {
      if (entry.isFile) return [{ file: await fileOf(entry as FileSystemFileEntry), path }];
      return await all(await entriesOf(entry as FileSystemDirectoryEntry));
    } catch {
      unread.push(path);
      return [];
    }
  };
  const all = async (some: readonly FileSystemEntry[]) => (await Promise.all(some.map(walked))).flat();
  return { files: await all(entries), unread };
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> => new Promise((done, failed) => entry.file(done, failed));

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  // A reader gives a hundred at a time, and an empty list at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return found;
    found.push(...some);
  }
}

/** Does `work` for each, `width` at a time and in order of their beginning; stops beginning when told to. */
export async function each<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
  stopped: () => boolean = () => false,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length && !stopped()) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}
