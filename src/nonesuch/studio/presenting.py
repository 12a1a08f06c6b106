"""From library calls to what the room Publish shows; all of it needs torch, and runs in the thread for nets."""

import warnings

from nonesuch.errors import NonesuchWarning
from nonesuch.evaluation.run import Run
from nonesuch.exporting.describe import shown_name
from nonesuch.exporting.kept import directions_of
from nonesuch.exporting.onnx_file import missing
from nonesuch.publishing import copying, snippets
from nonesuch.publishing.copying import Check
from nonesuch.publishing.site import Site
from nonesuch.publishing.texts import Said, texts
from nonesuch.studio.wire import publish as wire

BYTES: dict[wire.Precision, int] = {"int8": 1, "fp16": 2, "fp32": 4}


def plan(run: Run) -> wire.PublishingPlan:
    """Before a page is made. Raises RunError."""
    kind, name = run.recipe.kind, shown_name(run.recipe.data.source)[:100]
    usual = {language: texts(kind, name, Said(language=language)) for language in ("en", "de")}
    found = copying.kept(run)
    parameters = sum(each.numel() for each in run.net.parameters())
    with warnings.catch_warnings():
        # A file of directions that belongs to an earlier state of the net is told by the list being empty.
        warnings.simplefilter("ignore", NonesuchWarning)
        directions = [each.name for each in directions_of(run)]
    return wire.PublishingPlan(
        run=run.folder.path.name,
        kind=kind,
        title={"en": usual["en"].title, "de": usual["de"].title},
        forbidden_uses={"en": usual["en"].forbidden_uses, "de": usual["de"].forbidden_uses},
        thing=usual["en"].thing,
        check=None if found is None else told(found),
        weights=[wire.Weights(precision=each, bytes=size * parameters) for each, size in BYTES.items()],
        directions=directions,
        snippets=[wire.Snippet(name=each, text=text.decode()) for each, text in _snippets(kind).items()],
        problem=missing(),
    )


def _snippets(kind: str) -> dict[str, bytes]:
    """Examples for a net of this kind; what the Python one is helped by comes along with the page."""
    found = snippets.files(["answer" if kind == "cnn" else "draw"])
    return {name: data for name, data in found.items() if name != "seeds.py"}


def told(found: Check) -> wire.CheckFound:
    """A check as it is told."""
    return wire.CheckFound(
        verdict=found.verdict,
        passes=found.passes,
        sentence=found.sentence(),
        problem=found.problem[:600],
        ratio=found.ratio,
        near_share=found.near_share,
        n=found.n,
    )


def difference(site: Site, precision: wire.Precision) -> float | None:
    """By how many grey levels of 255 a picture of the published net differs from the run's own, at most."""
    entry = site.contents.manifest.graphs.get("draw")
    return None if entry is None else entry.files[precision].difference.most * 127.5
