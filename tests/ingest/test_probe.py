"""What a camera is asked, and what is made of its answers: proofs of RFC vectors, descriptions, discovery, nonsense."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.settings import CameraSettings, IngestSettings
from spotter.ingest.probe import Outcome, Step
from spotter.ingest.probe.description import VideoDescription, video_of
from spotter.ingest.probe.digest import Challenge, authorization, strongest
from spotter.ingest.probe.discovery import discover
from spotter.ingest.probe.examine import examine
from spotter.ingest.probe.onvif import FoundCamera, probe_message, read_answer

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))
from onvif_camera import OnvifCamera, answer_to

from servers import RtspServer, free_port

MD5 = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc"'
)
SHA = 'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"'  # noqa: E501


@pytest.mark.parametrize(
    ("challenge", "password", "cnonce", "response"),
    [
        (MD5, "Circle Of Life", "0a4f113b", "6629fae49393a05397450978507c4ef1"),  # RFC 2617, 3.5
        (SHA, "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
         "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),  # RFC 7616, 3.9.1
    ],
)  # fmt: skip
def test_proofs_are_those_of_the_standards(challenge: str, password: str, cnonce: str, response: str) -> None:
    proof = authorization(Challenge.parse(challenge), "GET", "/dir/index.html", "Mufasa", password, cnonce)
    assert f'response="{response}"' in proof
    assert "qop=auth" in proof
    assert password not in proof


def test_the_strongest_way_that_is_known_is_taken() -> None:
    offered = [
        Challenge.parse(text) for text in ('Basic realm="a"', "Negotiate", MD5, SHA, 'Digest algorithm=X, nonce="n"')
    ]
    assert strongest(offered).name == "digest SHA-256"
    assert strongest(offered[:3]).name == "digest MD5"
    assert strongest(offered[:2]).name == "basic"
    assert strongest(offered[1:2]) is None


@given(st.text(max_size=60))
def test_no_challenge_breaks_it(text: str) -> None:
    challenge = Challenge.parse(text)
    if challenge.usable:
        proof = authorization(challenge, "DESCRIBE", "rtsp://h/s", "u", "p", "c")
        assert "\n" not in proof
        assert "\r" not in proof


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=framerate:15"], VideoDescription("H264", 15.0)),
        (["m=audio 0 RTP/AVP 0", "m=video 0 RTP/AVP 97", "a=rtpmap:97 H265/90000", "a=framesize:97 1920-1080"],
         VideoDescription("H265", None, (1920, 1080))),
        (["m=video 0 RTP/AVP 26", "a=x-dimensions:640,480", "a=framerate:12.5"],
         VideoDescription("JPEG", 12.5, (640, 480))),
        (["m=video 0 RTP/AVP 98", "a=rtpmap:98 VND.MAKER/90000", "a=framerate:0"], VideoDescription("VND.MAKER")),
        (["m=audio 0 RTP/AVP 0", "a=framerate:15"], None),
        ([], None),
    ],
)  # fmt: skip
def test_what_a_description_says(lines: list[str], found: VideoDescription | None) -> None:
    assert video_of("\r\n".join(["v=0", "s=x", *lines, ""])) == found


@given(st.text("mvide=o 0RTP/9a:rtpmap\r\n.-", max_size=80))
def test_no_description_breaks_it(text: str) -> None:
    assert video_of(text) is None or isinstance(video_of(text), VideoDescription)


def steps_of(url: str, duration_s: float = 1.0, patience_s: float = 1.0, **camera: object) -> dict[str, Step]:
    """What `examine` says. `patience_s` is for servers that are right and may be slow on a busy machine."""
    values = {"id": "a", "source": url, **camera}
    ingest = IngestSettings(open_timeout_s=2 * patience_s, read_timeout_s=patience_s)
    return {step.name: step for step in examine(CameraSettings.model_validate(values), ingest, duration_s)}


def test_digest_of_a_real_server_and_a_password_with_everything_in_it() -> None:
    with RtspServer(user="guard", password='o:p"n/S@me é', digest=True) as server:
        right = steps_of(server.url(), patience_s=15, username="guard", password='o:p"n/S@me é')
        wrong = steps_of(server.url(), username="guard", password="other")
        nobody = steps_of(server.url())
    assert right["authentication"] == Step("authentication", Outcome.OK, "accepted, digest MD5")
    assert right["resolution"].detail == "320x240"
    assert right["frame rate"].outcome is not Outcome.FAIL
    assert wrong["authentication"].detail == "refuses user or password (digest MD5)"
    assert list(wrong)[-1] == "authentication", "nothing is tried after a step that failed"
    assert nobody["authentication"].detail == "asks for user and password (digest MD5)"


def test_tls_of_a_camera_that_signs_for_itself(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    with RtspServer(tls=(tmp_path / "certificate.pem", tmp_path / "key.pem")) as server:
        steps = steps_of(server.url(), patience_s=15)
        plain = steps_of(server.url().replace("rtsps", "rtsp"))
    assert "TLSv1.3, certificate not checked" in steps["protocol"].detail
    assert steps["resolution"].outcome is Outcome.OK
    assert plain["protocol"].outcome is Outcome.FAIL


@contextlib.contextmanager
def talking(*pieces: bytes, linger_s: float = 0.0) -> Iterator[str]:
    """The address of something that sends `pieces` to whoever connects, whatever it is asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.settimeout(linger_s + 1)
                        connection.recv(4096)
                        for piece in pieces:
                            connection.sendall(piece)
                        stop.wait(linger_s)

        stop = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"rtsp://u:Hunter2@127.0.0.1:{server.getsockname()[1]}/s"
        finally:
            stop.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


NEVER = b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 60_000
ODD = b'RTSP/1.0 401 No\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: Digest algorithm=X, nonce="n"\r\n\r\n'


@pytest.mark.parametrize(
    ("pieces", "linger_s", "detail"),
    [
        ([], 4.0, "did not answer OPTIONS within 2 s"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], 0.0, "answers, but not in RTSP"),
        ([b"RTSP/1.0 2x0 OK\r\n\r\n"], 0.0, "answers, but not in RTSP"),
        ([NEVER], 1.0, "sends an answer without an end"),
        ([b"RTSP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nv=0"], 0.0, "closed the connection without an answer"),
    ],
)
def test_whatever_answers_instead_of_a_camera(pieces: list[bytes], linger_s: float, detail: str) -> None:
    with talking(*pieces, linger_s=linger_s) as url:
        steps = steps_of(url)
    last = list(steps.values())[-1]
    assert (last.name, last.outcome, last.detail) == ("protocol", Outcome.FAIL, detail)
    assert last.mend
    assert "Hunter2" not in str(steps)


@pytest.mark.parametrize(
    ("answer", "name", "detail"),
    [
        (ODD, "authentication", "asks for a proof that is not known here (Negotiate or digest X)"),
        (b"RTSP/1.0 403 Forbidden\r\n\r\n", "authentication", "forbids its stream to this user"),
        (b"RTSP/1.0 453 Not Enough Bandwidth\r\n\r\n", "path", "answers 453 Not Enough Bandwidth"),
        (b"RTSP/1.0 500 \x1b[31mRed\r\n\r\n", "path", "answers 500 [31mRed"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nv=0\r\n", "codec", "describes no video"),
    ],
)
def test_what_a_camera_says_against_it(answer: bytes, name: str, detail: str) -> None:
    with talking(answer, answer, linger_s=0.5) as url:
        last = list(steps_of(url).values())[-1]
    assert (last.name, last.outcome, last.detail.casefold()) == (name, Outcome.FAIL, detail.casefold())


def test_cameras_on_the_network_are_found_by_multicast() -> None:
    """On the loopback network; the question goes out of each interface twice, and each camera is told once."""
    port = free_port()
    with OnvifCamera(port, name="Dock%20camera", hardware="IPC-7") as camera:
        found = [one for one in discover(1.5, port=port) if one.id == str(camera.id)]
        asked = camera.asked
    assert len(found) == len({one.address for one in found}) >= 1
    assert {(one.name, one.hardware, one.services) for one in found} == {
        ("Dock camera", "IPC-7", ("http://***@10.0.0.5/onvif/device_service",))
    }
    assert asked >= 4, "two kinds, twice"


ASKED = uuid.UUID(int=7)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda data: data, 1),
        (lambda data: data.replace(str(ASKED).encode(), str(uuid.UUID(int=8)).encode()), 0),
        (lambda data: b'<!DOCTYPE a [<!ENTITY b "c">]>' + data, 0),
        (lambda data: ('<?xml version="1.0" encoding="utf-16"?>' + data.decode()).encode("utf-16"), 0),
        (lambda data: data[: len(data) // 2], 0),
        (lambda data: b"", 0),
        (lambda data: probe_message("tds:Device", ASKED), 0),
    ],
)
def test_answers_to_other_questions_and_bad_ones_count_for_nothing(change, found: int) -> None:
    data = answer_to(ASKED, uuid.UUID(int=1), "name", "hardware")
    assert len(read_answer(change(data), "10.0.0.5", frozenset([ASKED]))) == found


def test_what_a_stranger_sends_obeys_no_terminal_and_is_short() -> None:
    data = answer_to(ASKED, uuid.UUID(int=1), "%1B%5B2J" + "x" * 500, "a%0Ab", "javascript:x http://[bad")
    (camera,) = read_answer(data, "10.0.0.5", frozenset([ASKED]))
    assert camera == FoundCamera("10.0.0.5", str(uuid.UUID(int=1)), "[2J" + "x" * 97, "ab", "", ())


@settings(max_examples=200)
@given(st.binary(max_size=200) | st.text("<>/a:Relatso&;#x", max_size=80).map(str.encode))
def test_no_datagram_breaks_it(data: bytes) -> None:
    assert read_answer(data, "10.0.0.5", frozenset([ASKED])) == []


@pytest.mark.parametrize(
    ("head", "name", "detail"),
    [
        ('401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth"', "authentication",
         "refuses user or password (digest)"),
        ('401 No\r\nWWW-Authenticate: Basic realm="r"', "authentication", "refuses user or password (basic)"),
        ("403 No", "authentication", "forbids its stream to this user"),
        ("200 OK\r\nContent-Type: text/html; charset=utf-8", "codec", "is a web page and no stream"),
        ("503 Busy", "path", "answers 503"),
        ("302 There\r\nLocation: http://[bad", "protocol", "does not answer in HTTP"),
    ],
)  # fmt: skip
def test_what_a_web_camera_says_against_it(head: str, name: str, detail: str) -> None:
    answer = f"HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with talking(answer) as url:
        last = list(steps_of(url.replace("rtsp", "http")).values())[-1]
    assert (last.name, last.outcome, last.detail) == (name, Outcome.FAIL, detail)
    assert "Hunter2" not in str(last)
