/** A mark that can be seen, for those who want one in the picture itself. */
import type { Shown } from './synthetic';

/** The words in the lower right corner, white on black so that they can be read on any picture. */
export function marked(picture: Shown, words: string): Shown {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [picture.width, picture.height];
  const pen = canvas.getContext('2d');
  if (pen === null) return picture;
  pen.putImageData(new ImageData(new Uint8ClampedArray(picture.data), picture.width, picture.height), 0, 0);
  const size = Math.max(10, Math.round(picture.width / 28));
  pen.font = `${size}px system-ui, sans-serif`;
  const width = pen.measureText(words).width + size;
  pen.fillStyle = 'rgb(0 0 0 / 75%)';
  pen.fillRect(picture.width - width, picture.height - 1.7 * size, width, 1.7 * size);
  pen.fillStyle = '#fff';
  pen.textBaseline = 'middle';
  pen.fillText(words, picture.width - width + size / 2, picture.height - 0.82 * size);
  return pen.getImageData(0, 0, picture.width, picture.height);
}
