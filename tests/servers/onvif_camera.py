"""An ONVIF camera as far as discovery goes: it hears the question on the multicast group or by itself, and answers."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import uuid
from typing import Self

GROUP = "239.255.255.250"


def answer_to(
    question: uuid.UUID,
    camera: uuid.UUID,
    name: str,
    hardware: str,
    services: str = "http://admin:Hunter2@10.0.0.5/onvif/device_service",
) -> bytes:
    """A ProbeMatches message, as cameras of several makers write it."""
    scopes = f"onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/{name} "
    scopes += f"onvif://www.onvif.org/hardware/{hardware}"
    return f"""<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"
 xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
<SOAP-ENV:Header><wsa:RelatesTo>urn:uuid:{question}</wsa:RelatesTo></SOAP-ENV:Header><SOAP-ENV:Body><d:ProbeMatches>
<d:ProbeMatch><wsa:EndpointReference><wsa:Address>urn:uuid:{camera}</wsa:Address></wsa:EndpointReference>
<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{scopes}</d:Scopes><d:XAddrs>{services}</d:XAddrs>
<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>""".encode()


class OnvifCamera:
    """Answers probes that come to a port of the loopback network; use it as a context manager.

    Attributes:
        id: its own.
        asked: questions that came.
    """

    def __init__(self, port: int, name: str, hardware: str) -> None:
        self.id = uuid.uuid4()
        self.asked = 0
        self._name, self._hardware = name, hardware
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("", port))
        self._socket.settimeout(0.1)
        joined = socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                data, sender = self._socket.recvfrom(65535)
                question = re.search(rb"MessageID>urn:uuid:([0-9a-f-]{36})<", data)
                assert question is not None
                self.asked += 1
                self._socket.sendto(
                    answer_to(uuid.UUID(question[1].decode()), self.id, self._name, self._hardware), sender
                )
