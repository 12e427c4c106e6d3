"""What a source of pictures promises, whatever it reads from.

- `open`, `read` and `close` are called by one thread, in that order; after `close` the same source may be opened again.
- One bad item never ends a source: it comes as a `Captured` without an image, and reading goes on.
- A finite source ends with None and gives media time; a live source never ends by itself and gives none.
- No call blocks for longer than the timeouts that the source was made with.
- Whether a picture is wanted is asked once an item has come and before its picture is made (`Wanted`): what is over the
  rate limit costs no conversion, and no decoding where the codec allows that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from spotter.core.contracts import Image
from spotter.core.errors import SourceError


class SourceLostError(SourceError):
    """A live source cannot be reached now; the same call may succeed later. Every other `SourceError` is final."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source once it is open.

    Attributes:
        width, height: size of its pictures, px; 0 when not known before the first one. Pictures may differ.
        fps: nominal frames per second, always positive; a live source may deliver another rate.
        finite: True when the source has an end.
        frame_count: items up to the end as far as the container tells; None when it does not, or for a live source.
    """

    width: int
    height: int
    fps: float
    finite: bool
    frame_count: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """One item of a source.

    Attributes:
        image: (H, W, 3) uint8 BGR, never changed after it was handed out; None when the item could not be decoded,
            or when decoding was not asked for.
        media_time_s: seconds from the first item, strictly growing, for finite sources; None for live ones.
        name: what to call the item in a message ("0042.jpg"); empty when it has no name of its own.
        sender_ns: time of capture by the camera's own clock, UTC ns, from the stream's sender reports; None where the
            stream tells none.
        delay_ns: how long ago the item came, at the moment when it is handed out or asked about, as far as the source
            can measure that.
        size: (width, height), px, that keypoints refer to; None: the image's own.
    """

    image: Image | None
    media_time_s: float | None
    name: str = ""
    sender_ns: int | None = None
    delay_ns: int = 0
    size: tuple[int, int] | None = None

    def with_picture(self, decode: bool | Wanted, picture: Callable[[], Image | None]) -> Captured:
        """This item with the image that `picture` makes, if it is wanted; else this item."""
        wanted = decode(self) if callable(decode) else decode
        return replace(self, image=picture()) if wanted else self


Wanted = Callable[[Captured], bool]
"""Whether the picture of an item is to be made; gets the item without it, and is asked exactly once for each item."""


class Source(Protocol):
    """Pictures in order. Adding a kind is one file, one line in `sources.KINDS`, one row in the test table."""

    def open(self) -> SourceInfo:
        """Get ready to read from the start.

        Raises:
            SourceLostError: a live source does not answer; worth trying again.
            SourceError: it cannot be opened; the message names it without secrets, and the mend.
        """

    def read(self, decode: bool | Wanted = True) -> Captured | None:
        """The next item, or None at the end of a finite source.

        Args:
            decode: False passes over the item as cheaply as the source can, and leaves its image out. A function is
                asked about each item.

        Raises:
            SourceLostError: a live source stopped delivering.
            SourceError: the end was reached and not one item could be decoded.
        """

    def close(self) -> None:
        """Release everything. Safe to call twice."""
