"""A site as one HTML file that opens from a disk, with no network and no server: everything lies inside it."""

import base64
import gzip
from collections.abc import Iterable, Mapping

from nonesuch.publishing.page import Built, Parts, policy, source_hash


def parts(built: Built, fetched: Mapping[str, bytes]) -> Parts:
    """The elements of a single file; fetched: what page.js would fetch, by its path in the site."""
    # "</script" would end the element; within a JavaScript text "<\/script" is the same.
    script = built.script.replace("</script", "<\\/script").replace("<!--", "\\x3c!--")
    style = built.style.replace("</style", "<\\/style")
    return Parts(
        policy=policy(source_hash(script), f"{source_hash(style)}", "'none'"),
        style=f"<style>{style}</style>",
        script=f'<script type="module">{script}</script>',
        inlined="\n    ".join(_inlined(fetched.items())),
    )


def data_uri(kind: str, data: bytes) -> str:
    """Bytes as an address."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _inlined(files: Iterable[tuple[str, bytes]]) -> Iterable[str]:
    for name, data in files:
        # mtime 0: the same bytes for the same net, and nothing of this machine's clock.
        packed = base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()
        yield f'<script type="application/octet-stream;base64" id="inlined:{name}">{packed}</script>'
