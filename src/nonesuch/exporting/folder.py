"""The exported folder: the ONNX files of a run and the manifest that describes them, whole or not at all."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from nonesuch.errors import ExportError
from nonesuch.evaluation.run import Run
from nonesuch.exporting import check, manifest, precision, runtime
from nonesuch.exporting.describe import manifest_of, told
from nonesuch.exporting.graphs import Graph, graphs
from nonesuch.exporting.manifest import GRAPH_NAMES, DirectionEntry, File, GraphEntry, Manifest
from nonesuch.exporting.onnx_file import require_onnx, traced
from nonesuch.exporting.precision import PRECISIONS, Precision
from nonesuch.runs import whole
from nonesuch.runs.layout import shown

OURS = frozenset(
    {manifest.NAME, *runtime.FILES, *(f"{graph}.{each}.onnx" for graph in GRAPH_NAMES for each in PRECISIONS)}
)
"""Everything that an exported folder can hold."""


def files_of(
    run: Run, precisions: Sequence[Precision] = PRECISIONS, directions: Sequence[DirectionEntry] = ()
) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest of a run and the files that it names, by name.

    Raises ExportError when float32 is not what torch computes, to 1e-5, or a package is missing.
    """
    require_onnx()
    found = graphs(run)
    entries: dict[str, GraphEntry] = {}
    files: dict[str, bytes] = {}
    for graph in found:
        entries[graph.name], made = _graph_files(graph, precisions, len(told(run)))
        files |= made
    return manifest_of(run, found, entries, directions), files


def _graph_files(graph: Graph, precisions: Sequence[Precision], classes: int) -> tuple[GraphEntry, dict[str, bytes]]:
    full = traced(graph)
    inputs = graph.examples(check.CHECKED, seed=1, classes=max(1, classes))
    wanted = check.expected(graph, inputs)
    check.require_same(graph, full, inputs, wanted)
    entries, files = {}, {}
    for each in precisions:
        model = precision.rounded(full, each)
        data: bytes = model.SerializeToString(deterministic=True)
        name = f"{graph.name}.{each}.onnx"
        files[name] = data
        entries[each] = File(
            file=name,
            bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            difference=check.difference(graph, model, inputs, wanted),
        )
    batch = {name: (*(() if name in graph.fixed else (None,)), *shape) for name, shape in graph.inputs.items()}
    outputs = {name: (None, *shape) for name, shape in graph.outputs.items()}
    return GraphEntry(inputs=batch, outputs=outputs, files=entries), files


def write(out: Path, found: Manifest, files: Mapping[str, bytes]) -> None:
    """Make the folder, or put this export in the place of one that is there; beside it what pages run it with.

    Raises ExportError when something else lies there, MachineError when the disk does not take the files.
    """
    require_free(out)
    whole.write_folder({**files, **runtime.files(), manifest.NAME: manifest.to_bytes(found)}, out)


def write_file(file: Path, data: bytes) -> None:
    """Write one exported file. Raises ExportError where a folder lies there, MachineError."""
    if file.is_dir():
        raise ExportError(f"{shown(file)} is a folder; give --out a file, such as {shown(file / 'net.safetensors')}")
    whole.write_file(data, file)


def require_free(out: Path) -> None:
    """Raises ExportError unless nothing lies at `out`, an empty folder, or an earlier export."""
    if not out.exists() and not out.is_symlink():
        return
    if out.is_dir() and not out.is_symlink() and is_export(out):
        return
    raise ExportError(f"{shown(out)} is there and is no export; give another --out, or remove it")


def is_export(folder: Path) -> bool:
    """Whether a folder is empty, or holds a manifest that nonesuch made and nothing that it would not put beside it."""
    try:
        names = {entry.name for entry in folder.iterdir()}
        if not names:
            return True
        said = json.loads((folder / manifest.NAME).read_bytes())
    except (OSError, ValueError):
        return False
    ours = isinstance(said, dict) and str(said.get("made_by", "")).startswith("nonesuch ")
    return ours and names <= OURS
