"""PNG files that say of themselves that nobody photographed or painted them.

Three plain entries (Software, Synthetic, Seed) for people with a viewer, and the IPTC's digital source type in an XMP
packet for programs: `trainedAlgorithmicMedia`. Nothing else gets in. web/src/page writes the same into downloads.
"""

import struct
import zlib
from collections.abc import Iterator

from nonesuch.pixels import Picture, png_bytes

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    f' Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
_IHDR_END = len(SIGNATURE) + 25


def synthetic_png(pixels: Picture, seed: int | None = None) -> bytes:
    """(H, W, C) uint8, C = 1, 3 or 4, as a PNG that says it is synthetic, and of which seed."""
    plain = png_bytes(pixels)
    said = {"Software": "nonesuch", "Synthetic": "yes"} | ({} if seed is None else {"Seed": str(seed)})
    entries = [_chunk(b"tEXt", f"{key}\0{value}".encode("latin-1")) for key, value in said.items()]
    # Keyword, no compression, no language, no translated keyword.
    packet = _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP.encode())
    return plain[:_IHDR_END] + b"".join([*entries, packet]) + plain[_IHDR_END:]


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of each chunk of a PNG. Raises ValueError for anything else."""
    if not png.startswith(SIGNATURE):
        raise ValueError("no PNG")
    at = len(SIGNATURE)
    while at + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
