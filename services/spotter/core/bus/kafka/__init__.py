"""The bus over Kafka, for many processes. Needs the extra `stream`; `core.bus` itself does not import it.

Importing it raises `BusError` when the client library is not installed.
"""

from spotter.core.bus.kafka.options import client_options, require_client

require_client()

from spotter.core.bus.kafka.bus import KafkaBus  # noqa: E402

__all__ = ["KafkaBus", "client_options"]
