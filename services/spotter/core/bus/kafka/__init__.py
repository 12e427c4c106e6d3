"""The bus over Kafka, for many processes. Needs the extra `stream`; `core.bus` itself does not import it."""

from spotter.core.bus.kafka.bus import KafkaBus
from spotter.core.bus.kafka.options import client_options

__all__ = ["KafkaBus", "client_options"]
