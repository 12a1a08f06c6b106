"""What is asked and said of a person's own data set: its classes, edits, and what was put into it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from nonesuch.studio.wire.base import DataId, Line, Whole, Wire
from nonesuch.studio.wire.data import PackId

ClassName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=200)]
"""The name of a class as a person sees it."""


class NewData(Wire):
    """The name of a data set that shall be made."""

    name: Line


class AlbumClass(Wire):
    """A class folder: files in it, and whether trainings leave it out."""

    name: str
    count: Whole
    off: bool


class AlbumDetail(Wire):
    """A data set as folders, read without opening a picture. objection: why it cannot be changed here, or ""."""

    data: DataId
    objection: str
    classes: list[AlbumClass]
    removed: Whole


class AddClass(Wire):
    """Make an empty class."""

    edit: Literal["add_class"]
    name: ClassName


class RenameClass(Wire):
    """Give a class another name."""

    edit: Literal["rename_class"]
    name: ClassName
    to: ClassName


class RemoveClass(Wire):
    """Take a class with all its pictures out, into .removed/."""

    edit: Literal["remove_class"]
    name: ClassName


class SwitchClass(Wire):
    """Switch a class off, so that trainings leave it out, or on again."""

    edit: Literal["switch_class"]
    name: ClassName
    off: bool


class MovePictures(Wire):
    """Move pictures, by their rows in a pack, to another class."""

    edit: Literal["move"]
    pack: PackId
    rows: list[Whole] = Field(min_length=1, max_length=1000)
    to: ClassName


class RemovePictures(Wire):
    """Take pictures, by their rows in a pack, out, into .removed/."""

    edit: Literal["remove"]
    pack: PackId
    rows: list[Whole] = Field(min_length=1, max_length=1000)


class PutPicturesBack(Wire):
    """Put everything that was taken out back."""

    edit: Literal["put_back"]


Edit = Annotated[
    AddClass | RenameClass | RemoveClass | SwitchClass | MovePictures | RemovePictures | PutPicturesBack,
    Field(discriminator="edit"),
]


class Kept(Wire):
    """A picture that was put into a class; `new` is false where the class had it already."""

    label: str
    new: bool
