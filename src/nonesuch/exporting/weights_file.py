"""A run's shown weights as one safetensors file that says, in its header, which net they belong to."""

import json

from nonesuch.evaluation.run import Run
from nonesuch.exporting.describe import shown_name, told
from nonesuch.runs import weights

HEADER = "nonesuch"
"""The header's only key; a JSON object is its value, as safetensors keeps no order of several."""


def file_of(run: Run) -> bytes:
    """The file: the net by its catalogue name and options, what it takes, and its weights under torch's own names."""
    recipe = run.recipe
    about = {
        "schema_version": 1,
        "kind": recipe.kind,
        "net": recipe.net.name,
        "options": recipe.net.options,
        "shape": [recipe.data.channels, *recipe.data.size],
        "classes": list(told(run)),
        "data": shown_name(recipe.data.source),
        "images_seen": run.images_seen,
    }
    return weights.to_bytes(run.net.state_dict(), {HEADER: json.dumps(about, sort_keys=True)})
