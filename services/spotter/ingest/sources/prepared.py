"""A source whose pictures are turned, cropped, masked and reduced before anything else sees them."""

from __future__ import annotations

from dataclasses import replace

from spotter.ingest.picture import PicturePreparer
from spotter.ingest.sources.api import Captured, Source, SourceInfo, Wanted


class PreparedSource:
    """A `Source` with the settings of `picture` applied to each picture of another.

    Args:
        source: the source to wrap; its pictures may be changed.
        preparer: what is made of them.
    """

    def __init__(self, source: Source, preparer: PicturePreparer) -> None:
        self._source = source
        self._preparer = preparer

    def open(self) -> SourceInfo:
        info = self._source.open()
        width, height = self._preparer.size(info.width, info.height)
        return replace(info, width=width, height=height)

    def read(self, decode: bool | Wanted = True) -> Captured | None:
        captured = self._source.read(decode)
        if captured is None or captured.image is None:
            return captured
        prepared = self._preparer.prepare(captured.image)
        return replace(captured, image=prepared.image, size=(prepared.width, prepared.height))

    def close(self) -> None:
        self._source.close()
