"""The way to a network camera, step by step: its name, its port, its user and password, what it says it sends.

Each step is taken only when the one before has not failed. Every wait is bounded by the timeout.
"""

from __future__ import annotations

import concurrent.futures
import ipaddress
import socket
import ssl
import time
from collections.abc import Generator

from spotter.core.address_policy import addresses_of
from spotter.core.settings import redact_url
from spotter.ingest.probe.description import VideoDescription, video_of
from spotter.ingest.probe.rtsp import Answer, NoRtspError, RtspConversation
from spotter.ingest.probe.steps import Outcome, Step
from spotter.ingest.probe.web import web_steps
from spotter.ingest.sources.address import StreamAddress

_USUAL_PORTS = (554, 8554, 322, 80, 443)
"""Where cameras listen for RTSP, RTSPS and HTTP, tried when the port that was named is shut."""

_HINT_S = 0.3

Steps = Generator[Step, None, VideoDescription | None]
"""Steps, and at the end what the camera says of its video, where it says something."""


def network_steps(address: StreamAddress, timeout_s: float) -> Steps:
    """Look at the way to a camera; ends after the first step that fails."""
    for look in (_name, _port):
        step = look(address, timeout_s)
        yield step
        if step.outcome is Outcome.FAIL:
            return None
    return (yield from (_rtsp(address, timeout_s) if address.is_rtsp else web_steps(address, timeout_s)))


def _name(address: StreamAddress, timeout_s: float) -> Step:
    name, host = "name lookup", address.host
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    else:
        return Step(name, Outcome.OK, f"{host} is an address, nothing to look up")
    # A resolver has no timeout of its own: a thread that hangs in it is left behind.
    pool = concurrent.futures.ThreadPoolExecutor(1)
    try:
        found = pool.submit(addresses_of, host).result(timeout_s)
    except TimeoutError:
        return Step(name, Outcome.FAIL, f"no answer about {host} within {timeout_s:g} s", "Check the DNS server")
    except (OSError, UnicodeError):
        return Step(
            name, Outcome.FAIL, f"the host name {host} is not known", "Check the name, or use the camera's IP address"
        )
    finally:
        pool.shutdown(wait=False)
    return Step(name, Outcome.OK, f"{host} is {', '.join(found)}")


def _port(address: StreamAddress, timeout_s: float) -> Step:
    name, where = "port", address.where
    started = time.monotonic()
    try:
        socket.create_connection((address.host, address.port), timeout_s).close()
    except TimeoutError:
        mend = "Check that the camera is on, and that no firewall lies between"
        return Step(name, Outcome.FAIL, f"no answer at {where} within {timeout_s:g} s", mend)
    except ConnectionRefusedError:
        return Step(name, Outcome.FAIL, f"{where} refuses connections", _other_port(address))
    except OSError as error:
        return Step(name, Outcome.FAIL, f"{where} cannot be reached: {error.strerror}", "Check the network")
    return Step(name, Outcome.OK, f"{where} answers after {(time.monotonic() - started) * 1000:.0f} ms")


def _other_port(address: StreamAddress) -> str:
    is_open = []
    for port in _USUAL_PORTS:
        try:
            socket.create_connection((address.host, port), _HINT_S).close()
        except OSError:
            continue
        is_open.append(str(port))
    if is_open:
        return f"Check the port: it answers at {', '.join(is_open)}"
    return "Check the port, and that the camera's stream is switched on"


def _rtsp(address: StreamAddress, timeout_s: float) -> Steps:
    try:
        with RtspConversation(address, timeout_s) as camera:
            options = camera.ask("OPTIONS")
            server = "".join(letter for letter in options.header("server") if letter.isprintable())[:60]
            encrypted = f", {camera.encryption}, certificate not checked" if camera.encryption else ""
            yield Step("protocol", Outcome.OK, f"speaks RTSP{encrypted}{f' ({server})' if server else ''}")
            answer = camera.ask("DESCRIBE")
            has_user = camera.has_user
    except NoRtspError as error:
        mend = "Check scheme and port; rtsp:// is usually port 554, rtsps:// port 322"
        yield Step("protocol", Outcome.FAIL, str(error), mend)
        return None
    except ssl.SSLError:
        yield Step(
            "protocol",
            Outcome.FAIL,
            "does not speak TLS at this port",
            "Use rtsp://, or the camera's port for rtsps://",
        )
        return None
    except OSError as error:
        yield Step("protocol", Outcome.FAIL, f"lost: {error.strerror or 'no answer'}", "Check the network; try again")
        return None
    step = _answered(answer, has_user=has_user, encrypted=address.scheme == "rtsps")
    yield step
    if step.outcome is Outcome.FAIL or answer.status != 200:
        return None
    return (yield from _described(answer))


def _described(answer: Answer) -> Steps:
    video = video_of(answer.body)
    if video is None:
        yield Step("codec", Outcome.FAIL, "describes no video", "Check the path; it may be a sound stream")
        return None
    declared = f"declares {video.fps:g} fps" if video.fps else "declares no frame rate"
    if video.known:
        yield Step("codec", Outcome.OK, f"{video.name}, {declared}")
    else:
        yield Step("codec", Outcome.WARN, f"{video.name}, {declared}", "Set the camera to H.264 if no picture comes")
    return video


def _answered(answer: Answer, *, has_user: bool, encrypted: bool) -> Step:
    """What the answer to DESCRIBE says of user, password and path."""
    name, asked = (
        "authentication",
        " or ".join(one.name for one in answer.challenges) or "in a way that it does not name",
    )
    if answer.status == 200:
        if not answer.tried:
            return Step(name, Outcome.OK, "none asked for")
        plain = "; it crosses the network readable, digest or rtsps:// hides it"
        return Step(
            name, Outcome.OK, f"accepted, {answer.tried}{plain if answer.tried == 'basic' and not encrypted else ''}"
        )
    if answer.status == 401 and not has_user:
        return Step(name, Outcome.FAIL, f"asks for user and password ({asked})", "Give username and password")
    if answer.status == 401 and not answer.tried:
        mend = "Switch the camera to digest or basic authentication"
        return Step(name, Outcome.FAIL, f"asks for a proof that is not known here ({asked})", mend)
    if answer.status == 401:
        mend = "Check both; after some failures many cameras lock the account for minutes"
        return Step(name, Outcome.FAIL, f"refuses user or password ({answer.tried})", mend)
    if answer.status == 403:
        return Step(name, Outcome.FAIL, "forbids its stream to this user", "Give the user the right to see the stream")
    if answer.status in (404, 454, 455):
        return Step("path", Outcome.FAIL, "has no stream at this path", "Look it up in the camera's manual")
    if answer.status in (301, 302, 303, 305):
        return Step(
            "path", Outcome.WARN, f"sends on to {_printable(redact_url(answer.header('location')))}", "Use that"
        )
    mend = "Too many viewers? Close others; else see the camera's own log" if answer.status in (453, 503) else ""
    return Step("path", Outcome.FAIL, f"answers {answer.status} {answer.reason}", mend or "See the camera's own log")


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:120]
