/** What a browser keeps of a page between visits. From a disk, in a frame or in private it may keep nothing: no matter. */

export function recalled(key: string): string | null {
  try {
    return localStorage.getItem(`nonesuch ${key}`);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(`nonesuch ${key}`, value);
  } catch {
    return;
  }
}
