/** The pixels of a picture by its id, brought down where it is larger than a page needs. */
import { pictureAddress, problemOf, silence } from '../../api/client';
import type { Pixels } from '../../core/maps';
import face from './face.png';
import { FIRST_PICTURE } from './state';

export const MOST_SIDE = 1024;

/** Throws Problem in a person's words. */
export async function pixelsOf(id: string, signal: AbortSignal): Promise<Pixels> {
  let response: Response;
  try {
    // The face of the first view comes with the page: it need not wait until its data set is unpacked.
    response = await fetch(id === FIRST_PICTURE ? face : pictureAddress(id), { signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw silence();
  }
  if (!response.ok) throw problemOf(await response.json().catch(() => undefined), response.status);
  return drawn(await createImageBitmap(await response.blob()), MOST_SIDE);
}

/** Any picture as pixels whose longer side is at most `most`. */
export function drawn(image: ImageBitmap | HTMLCanvasElement, most: number): Pixels {
  const factor = Math.min(1, most / Math.max(image.width, image.height));
  const [width, height] = [
    Math.max(1, Math.round(image.width * factor)),
    Math.max(1, Math.round(image.height * factor)),
  ];
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const drawing = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
  drawing.imageSmoothingQuality = 'high';
  drawing.drawImage(image, 0, 0, width, height);
  return { width, height, values: drawing.getImageData(0, 0, width, height).data as Uint8ClampedArray<ArrayBuffer> };
}

/** Pixels as a canvas, to be drawn from. */
export function canvasOf({ width, height, values }: Pixels): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext('2d')?.putImageData(new ImageData(values, width, height), 0, 0);
  return canvas;
}
