/** Which part of a picture a view shows, how large its pixels are then, and which pixel a place on the screen is. */

export interface Part {
  /** The first column and row that are shown, and how many. */
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly rows: number;
}

/** From this side on, in CSS pixels, a pixel has room for a number of three digits. */
export const ROOM_FOR_NUMBER = 22;
/** And from this one for three of them, one a colour. */
export const ROOM_FOR_THREE = 36;

/** The part of a picture at a zoom, around (x, y) as far as the picture goes. */
export function partAt(width: number, height: number, zoom: number, x: number, y: number): Part {
  const columns = Math.max(1, Math.min(width, Math.round(width / zoom)));
  const rows = Math.max(1, Math.min(height, Math.round(height / zoom)));
  const within = (at: number, count: number, all: number) =>
    Math.max(0, Math.min(all - count, Math.round(at - count / 2)));
  return { x: within(x, columns, width), y: within(y, rows, height), columns, rows };
}

/** The same part, moved only as far as needed to show (x, y) with `reach` pixels around it. */
export function followed(part: Part, width: number, height: number, x: number, y: number, reach: number): Part {
  const along = (first: number, count: number, at: number, all: number) => {
    const moved = Math.min(Math.max(first, at + reach + 1 - count), Math.max(0, at - reach));
    return Math.max(0, Math.min(all - count, moved));
  };
  return { ...part, x: along(part.x, part.columns, x, width), y: along(part.y, part.rows, y, height) };
}

/** The next place in reading order; after the last one the first. */
export function next(x: number, y: number, { x: left, y: top, columns, rows }: Part): readonly [number, number] {
  const inside = x >= left && y >= top && x < left + columns && y < top + rows;
  if (!inside) return [left, top];
  if (x + 1 < left + columns) return [x + 1, y];
  return y + 1 < top + rows ? [left, y + 1] : [left, top];
}

/** Where the arrow keys, Home and End lead; undefined for any other key. */
export function stepped(
  key: string,
  x: number,
  y: number,
  width: number,
  height: number,
): readonly [number, number] | undefined {
  const to: Record<string, readonly [number, number]> = {
    ArrowLeft: [x - 1, y],
    ArrowRight: [x + 1, y],
    ArrowUp: [x, y - 1],
    ArrowDown: [x, y + 1],
    Home: [0, y],
    End: [width - 1, y],
    PageUp: [x, 0],
    PageDown: [x, height - 1],
  };
  const found = to[key];
  return found && [Math.max(0, Math.min(width - 1, found[0])), Math.max(0, Math.min(height - 1, found[1]))];
}
