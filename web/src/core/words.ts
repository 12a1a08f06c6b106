/** Numbers and counts as a person reads them. */

const THIN = ' ';

/** Four significant digits, no needless zeros, "–" for what is not a number. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const short = size >= 1e6 || size < 1e-4 ? value.toExponential(2) : String(+value.toPrecision(4));
  return short.replace('-', '−');
}

/** A value with its standard error: the error to two digits, the value to the same place, "7.35 ± 0.79". */
export function within(value: number, error: number | null | undefined): string {
  if (!error || !Number.isFinite(error) || !Number.isFinite(value)) return number(value);
  const places = Math.min(8, Math.max(0, 1 - Math.floor(Math.log10(Math.abs(error)))));
  return `${value.toFixed(places)} ± ${error.toFixed(places)}`.replace('-', '−');
}

export const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 || share > 0.99 ? 1 : 0)} %`;

/** 12345 as 12 345: the thin space is read well in every language. */
export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, THIN);

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;
