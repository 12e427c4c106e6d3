"""The parts of a recording session on threads of their own, and what the first of them died of."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from spotter.core.errors import SpotterError


class Work:
    """Threads that each do one thing and then say so; keeps the first error."""

    def __init__(self) -> None:
        self.failure: BaseException | None = None
        self._threads: dict[str, threading.Thread] = {}

    def start(self, name: str, work: Callable[[], None], then: Callable[[], object] = lambda: None) -> None:
        """Do `work` on a thread, then `then`, also after an error."""

        def run() -> None:
            try:
                work()
            except BaseException as error:
                self.failure = self.failure or error
            finally:
                then()

        self._threads[name] = threading.Thread(target=run, name=f"spotter-{name}", daemon=True)
        self._threads[name].start()

    def alive(self, name: str) -> bool:
        """True while that work goes on."""
        return self._threads[name].is_alive()

    def join(self, seconds: float) -> None:
        """Wait for all, for so long at most."""
        deadline = time.monotonic() + seconds
        for thread in self._threads.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def raise_failure(self) -> None:
        """Raise what the first of them died of, as a `SpotterError`; nothing when none did."""
        if isinstance(self.failure, SpotterError):
            raise self.failure
        if self.failure is not None:
            raise SpotterError(f"recording stopped: {type(self.failure).__name__}: {self.failure}") from self.failure
