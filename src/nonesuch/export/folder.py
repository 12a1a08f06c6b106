"""The exported folder: the ONNX files of a run and the manifest that describes them, whole or not at all."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from nonesuch.errors import ExportError
from nonesuch.evaluation.run import Run
from nonesuch.export import check, manifest, precision
from nonesuch.export.describe import manifest_of, told
from nonesuch.export.graphs import Graph, graphs
from nonesuch.export.manifest import DirectionEntry, File, GraphEntry, Manifest
from nonesuch.export.onnx_file import require_onnx, traced
from nonesuch.export.precision import PRECISIONS, Precision
from nonesuch.runs import atomic
from nonesuch.runs.layout import shown


def files_of(
    run: Run, precisions: Sequence[Precision] = PRECISIONS, directions: Sequence[DirectionEntry] = ()
) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest of a run and the files that it names, by name.

    Raises ExportError when float32 is not what torch computes, to 1e-5, or a package is missing.
    """
    require_onnx()
    found = graphs(run)
    entries, files = {}, {}
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


def write(out: Path, found: Manifest, files: dict[str, bytes]) -> None:
    """Make the folder, or put this export in the place of one that is there.

    Raises ExportError when something else lies there, MachineError when the disk does not take the files.
    """
    require_free(out)
    beside = atomic.temporary(out)
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        beside.mkdir()
        for name, data in files.items():
            (beside / name).write_bytes(data)
        (beside / manifest.NAME).write_bytes(manifest.to_bytes(found))
        if out.exists():
            atomic.remove_folder(out)
        beside.rename(out)
    except OSError as error:
        raise atomic.explain(error, out) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def require_free(out: Path) -> None:
    """Raises ExportError unless nothing lies at `out`, an empty folder, or an earlier export."""
    if not out.exists() and not out.is_symlink():
        return
    if out.is_dir() and not out.is_symlink() and (not any(out.iterdir()) or (out / manifest.NAME).is_file()):
        return
    raise ExportError(f"{shown(out)} is there and is no export; give another --out, or remove it")
