"""The one exception tree. A message names the thing, the value and the mend; it never holds a secret.

SpotterError
├── ConfigError        a setting, option or file that the user wrote is wrong            exit 2
├── SourceError        a camera, video or folder cannot be opened or read                exit 3
├── ModelError         a pose model is unknown, damaged or cannot run here               exit 4
├── StoreError         the database cannot be reached, read or written                   exit 5
├── WireError          a message cannot be encoded or decoded                            exit 6
├── PortError          a network address is in use or not allowed                        exit 7
├── BusError           the bus (Kafka) refuses or cannot be set up                       exit 8
├── StateError         live state or snapshots (Redis) cannot be reached                 exit 9
├── ChannelError       a notification cannot be delivered                                exit 10
├── RecordingError     a skeleton recording cannot be read or written                    exit 11
├── MethodError        an input of an ergonomic method is unknown or out of its range     exit 12
└── SceneError         a scene file of simulated workers does not say what it must       exit 13
"""

from __future__ import annotations


class SpotterError(Exception):
    """Base of all errors that a user may see as one line.

    Args:
        message: what is wrong, with the name and the value.
        mend: what to do about it, one sentence; shown after the message.
    """

    exit_code = 1

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(f"{message}. {mend}" if mend else message)
        self.message = message
        self.mend = mend


class ConfigError(SpotterError):
    """A setting, option or file that the user wrote is wrong."""

    exit_code = 2


class SourceError(SpotterError):
    """A camera, video or folder cannot be opened or read."""

    exit_code = 3


class ModelError(SpotterError):
    """A pose model is unknown, damaged or cannot run here."""

    exit_code = 4


class StoreError(SpotterError):
    """The database cannot be reached, read or written."""

    exit_code = 5


class WireError(SpotterError):
    """A message cannot be encoded or decoded."""

    exit_code = 6


class PortError(SpotterError):
    """A network address is in use or not allowed."""

    exit_code = 7


class BusError(SpotterError):
    """The bus (Kafka) refuses this client, or a topic cannot be set up."""

    exit_code = 8


class StateError(SpotterError):
    """Live state or snapshots (Redis) cannot be reached, read or written."""

    exit_code = 9


class ChannelError(SpotterError):
    """A notification cannot be delivered.

    Attributes:
        retry_after_s: seconds that the receiver asked to wait, or None.
        permanent: True when another try of the same message is in vain.
    """

    exit_code = 10

    def __init__(
        self, message: str, *, mend: str = "", permanent: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, mend=mend)
        self.permanent = permanent
        self.retry_after_s = retry_after_s


class RecordingError(SpotterError):
    """A skeleton recording cannot be read or written."""

    exit_code = 11


class MethodError(SpotterError):
    """An input of an ergonomic method is not asked for, or out of its range."""

    exit_code = 12


class SceneError(SpotterError):
    """A scene file of simulated workers does not say what it must."""

    exit_code = 13
