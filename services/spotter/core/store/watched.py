"""The coverage of a camera from the database."""

from __future__ import annotations

from spotter.core.coverage import Coverage, summary
from spotter.core.store import Store
from spotter.core.store.records import MINUTE


def read_coverage(store: Store, site: str, camera_id: str, since: int, until: int) -> Coverage:
    """What became of `since` <= t < `until` (UTC ns, counted in whole ms) of a camera.

    Raises:
        StoreError: the database does not answer.
    """
    # The minute that holds `since` begins before it.
    first = since - since % MINUTE
    return summary(store.coverage(site=site, camera_id=camera_id, since=first, until=until), since, until)
