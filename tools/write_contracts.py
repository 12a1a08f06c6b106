"""Write what others build on: contracts/openapi.json (the studio's api), events.schema.json, wishes.schema.json and
manifest.schema.json (an exported net).

python tools/write_contracts.py            write them
python tools/write_contracts.py --check    say which are stale, exit code 1
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from nonesuch.exporting.manifest import Manifest
from nonesuch.studio.app import create_app
from nonesuch.studio.gate import Address, new_token
from nonesuch.studio.places import Places
from nonesuch.studio.studio import Studio
from nonesuch.training import events, wishes

CONTRACTS = Path(__file__).parents[1] / "contracts"


def contracts() -> dict[str, str]:
    """Name -> text of every generated contract; the same text whenever and wherever it is made."""
    return {
        "openapi.json": _text(openapi()),
        "events.schema.json": _text(events.parse.json_schema()),
        "wishes.schema.json": _text(wishes.parse.json_schema()),
        "manifest.schema.json": _text(Manifest.model_json_schema()),
    }


def openapi() -> dict[str, Any]:
    """The studio's api as OpenAPI 3.1."""
    nowhere = Path(tempfile.gettempdir())
    studio = Studio(Places(nowhere, nowhere, {}, nowhere), Address(1, new_token()))
    try:
        return create_app(studio).openapi()
    finally:
        studio.close()


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Write, or check."""
    stale = []
    for name, text in contracts().items():
        path = CONTRACTS / name
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        print(f"stale: {', '.join(stale)}; run python tools/write_contracts.py", file=sys.stderr)
    return len(stale) and 1


if __name__ == "__main__":
    sys.exit(main())
