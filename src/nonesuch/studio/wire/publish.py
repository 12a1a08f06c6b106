"""What the room Publish asks and is told: a page's texts and ways, what the check says, what came of it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from nonesuch.studio.wire.base import Figure, FileName, Line, RunId, Whole, Wire

ARCHIVE = "site.zip"
"""The folder of a page, among the files of the task that made it."""
Language = Literal["en", "de", "auto"]
Precision = Literal["int8", "fp16", "fp32"]
Paragraphs = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$", max_length=20_000)]
"""A text that a person typed: lines and tabs, no other control characters."""


class CheckFound(Wire):
    """Whether the net repeats its training pictures. passes: it may be published without a second word.

    sentence: for a person.   ratio: distance to the nearest training picture, over that of held-out pictures.
    near_share: how many of its `n` pictures are unusually near.   problem: why nothing was measured, or "".
    """

    verdict: Literal["good", "bad", "unclear", "none"]
    passes: bool
    sentence: str
    problem: str
    ratio: Figure
    near_share: Figure
    n: Whole


class Weights(Wire):
    """What the net's weights take in a precision, before compression."""

    precision: Precision
    bytes: Whole


class Snippet(Wire):
    """Lines that use the net elsewhere, in a file that is put beside the folder model/."""

    name: str
    text: str


class PublishingPlan(Wire):
    """What is known before a page is made. check: None where it has to be measured first.

    title, thing, forbidden_uses: what stands there where a person says nothing, in English and in German.
    directions: names that become sliders.   problem: why this machine cannot make pages, or "".
    """

    run: RunId
    kind: str
    title: dict[Literal["en", "de"], str]
    forbidden_uses: dict[Literal["en", "de"], str]
    thing: str
    check: CheckFound | None
    weights: list[Weights]
    directions: list[str]
    snippets: list[Snippet]
    problem: str


class PublishingAsked(Wire):
    """A page to make. Texts that are empty are ours to choose. neighbours: training pictures may be shown."""

    run: RunId
    title: Line = ""
    thing: Line = ""
    words: Paragraphs = ""
    language: Language = "en"
    licence: Line = ""
    forbidden_uses: Paragraphs = ""
    precision: Precision = "fp16"
    neighbours: bool = False
    mark: bool = False
    tiny: bool = Field(False, description="without ONNX Runtime: our own JavaScript computes")
    url: Line = ""
    yes: bool = Field(False, description="publish although the net may repeat training pictures")


class PublishingDone(Wire):
    """A page in both forms. Files: the archive of the folder, the single file, and the picture that links show."""

    run: RunId
    title: str
    check: CheckFound
    archive: FileName
    single: FileName
    card: FileName
    archive_bytes: Whole
    single_bytes: Whole
    difference: Figure = Field(
        description="grey levels of 255 by which the published net differs from the run, at most"
    )


class Previewed(Wire):
    """Where a page can be looked at, on this machine alone."""

    address: str
