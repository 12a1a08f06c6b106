/** What is written into a picture that leaves the page: that a net made it, which one, and from what. */
import { type Note, png } from '../core/png';

export interface Shown {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

export interface Origin {
  readonly title: string;
  /** The net and its data, in words. */
  readonly net: string;
  /** "seed 7", or the place as it stands in the address. */
  readonly place: string;
  readonly seed?: number | undefined;
  readonly licence?: string;
}

/** IPTC's word for media that a trained net has made: what news agencies, search engines and social networks look for. */
const SOURCE = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';

export const XMP = `<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="${SOURCE}"/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`;

export function notes(origin: Origin): Note[] {
  const { title, net, place, seed, licence } = origin;
  return [
    { key: 'Title', text: title },
    { key: 'Software', text: 'nonesuch' },
    { key: 'Synthetic', text: 'yes' },
    { key: 'Source', text: net },
    ...(seed === undefined ? [] : [{ key: 'Seed', text: String(seed) }]),
    { key: 'Place', text: place },
    ...(licence ? [{ key: 'Copyright', text: licence }] : []),
    { key: 'XML:com.adobe.xmp', text: XMP },
  ].map(({ key, text }) => ({ key, text: text.replaceAll('\0', '') }));
}

export const file = (picture: Shown, origin: Origin): Promise<Uint8Array<ArrayBuffer>> => png(picture, notes(origin));

/** Each pixel as a square of `times` x `times`. */
export function enlarged({ width, height, data }: Shown, times: number): Shown {
  const [wide, high] = [width * times, height * times];
  const from = new Uint32Array(Uint8Array.from(data).buffer);
  const to = new Uint32Array(wide * high);
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      to[y * wide + x] = from[Math.floor(y / times) * width + Math.floor(x / times)] as number;
    }
  }
  return { width: wide, height: high, data: new Uint8ClampedArray(to.buffer) };
}

/** The smallest whole factor by which the longer side reaches `side`. */
export const factor = ({ width, height }: { width: number; height: number }, side: number): number =>
  Math.max(1, Math.ceil(side / Math.max(width, height)));
