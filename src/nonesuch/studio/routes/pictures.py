"""Pictures: give one, and get any by its id."""

from typing import Annotated

import anyio.to_thread
from fastapi import Path, Request

from nonesuch.studio import pictures
from nonesuch.studio.routes.room import PNG, Here, Png, room
from nonesuch.studio.wire.base import PictureId
from nonesuch.studio.wire.pictures import KeptPicture

router = room("pictures")

PicturePath = Annotated[PictureId, Path(description="upload:HEX, data:NAME:ROW, run:ID:SPLIT:ROW or seed:ID:SEED")]
RAW = {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


@router.post("/pictures", status_code=201, openapi_extra={"requestBody": RAW})
async def add_picture(studio: Here, request: Request) -> KeptPicture:
    """Give a picture: the bytes of a PNG, JPEG, WebP, GIF, BMP or TIFF as they are, 64 MiB at most."""
    name, picture = await studio.decoding.keep(studio.places, request.stream())
    height, width, channels = picture.shape
    return KeptPicture(id=name, height=height, width=width, channels=channels)


@router.get("/pictures/{picture_id}", response_class=Png, responses=PNG)
async def read_picture(studio: Here, request: Request, picture_id: PicturePath) -> Png:
    """A picture as PNG."""

    def find() -> bytes:
        return pictures.png_of(studio, picture_id)

    if pictures.needs_net(picture_id):
        return Png(await studio.compute(find, request))
    return Png(await anyio.to_thread.run_sync(find))
