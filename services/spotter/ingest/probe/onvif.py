"""The question by which ONVIF cameras are found, and their answers (WS-Discovery 1.0, ONVIF Core 7.3). Pure.

Anybody on the network may answer, so nothing in an answer is trusted: it is small, has no document type (no entities),
and what of it is shown is short, printable and without passwords.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from spotter.core.settings import redact_url

GROUP, PORT = "239.255.255.250", 3702
"""Where WS-Discovery listens (section 2.4 of it)."""

_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_NETWORK = "http://www.onvif.org/ver10/network/wsdl"
_DEVICE = "http://www.onvif.org/ver10/device/wsdl"

KINDS = ("dn:NetworkVideoTransmitter", "tds:Device")
"""What is asked for: video transmitters, and devices at all; some cameras answer to one of them only."""

_LONGEST = 100
"""Characters of a name that are shown."""


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """A camera that answered.

    Attributes:
        address: from which it answered.
        id: its own, the same at each start; empty where it gives none.
        name, hardware, location: what it says of itself; may be empty.
        services: addresses of its ONVIF service, without passwords.
    """

    address: str
    id: str
    name: str
    hardware: str
    location: str
    services: tuple[str, ...]


def probe_message(kind: str, message_id: uuid.UUID) -> bytes:
    """The question for all devices of one of `KINDS`."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<s:Envelope xmlns:s="{_SOAP}" xmlns:a="{_ADDRESSING}" xmlns:d="{_DISCOVERY}" xmlns:dn="{_NETWORK}" '
        f'xmlns:tds="{_DEVICE}"><s:Header>'
        f'<a:Action s:mustUnderstand="1">{_DISCOVERY}/Probe</a:Action>'
        f"<a:MessageID>urn:uuid:{message_id}</a:MessageID>"
        f"<a:ReplyTo><a:Address>{_ADDRESSING}/role/anonymous</a:Address></a:ReplyTo>"
        '<a:To s:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>'
        f"<s:Body><d:Probe><d:Types>{kind}</d:Types></d:Probe></s:Body></s:Envelope>"
    ).encode()


def read_answer(data: bytes, address: str, asked: frozenset[uuid.UUID]) -> list[FoundCamera]:
    """The cameras in an answer to one of the questions `asked`; empty for anything else."""
    try:
        text = data.decode("utf-8")
        if "<!" in text:
            return []
        # Text, so that a declared encoding counts for nothing; no document type, so no entity but the five of XML.
        root = ElementTree.fromstring(text)  # noqa: S314
    except (UnicodeDecodeError, ElementTree.ParseError, ValueError):
        return []
    if not {_uuid(one.text or "") for one in root.iter(f"{{{_ADDRESSING}}}RelatesTo")} & asked:
        return []
    found = []
    for match in root.iter(f"{{{_DISCOVERY}}}ProbeMatch"):
        reference = match.findtext(f"{{{_ADDRESSING}}}EndpointReference/{{{_ADDRESSING}}}Address") or ""
        scopes = (match.findtext(f"{{{_DISCOVERY}}}Scopes") or "").split()
        services = (match.findtext(f"{{{_DISCOVERY}}}XAddrs") or "").split()
        found.append(
            FoundCamera(
                address,
                _shown(reference.rpartition(":")[2]),
                _scope(scopes, "name"),
                _scope(scopes, "hardware"),
                _scope(scopes, "location"),
                tuple(_shown(redact_url(one)) for one in services[:4] if _is_web(one)),
            )
        )
    return found


def _scope(scopes: list[str], category: str) -> str:
    """What onvif://www.onvif.org/CATEGORY/VALUE says; several with commas."""
    begin = f"onvif://www.onvif.org/{category}/"
    values = [unquote(one[len(begin) :]) for one in scopes if one.lower().startswith(begin)]
    return _shown(", ".join(values))


def _shown(text: str) -> str:
    """Without anything that a terminal would obey."""
    return "".join(letter for letter in text if letter.isprintable())[:_LONGEST].strip()


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False


def _uuid(text: str) -> uuid.UUID | None:
    found = re.search(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text)
    return uuid.UUID(found[0]) if found else None
