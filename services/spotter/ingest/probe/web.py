"""A camera behind http:// or https://: whether it lets the user in, and what it says it sends."""

from __future__ import annotations

from collections.abc import Generator
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

from spotter.ingest.probe.description import VideoDescription
from spotter.ingest.probe.digest import Challenge
from spotter.ingest.probe.steps import Outcome, Step
from spotter.ingest.sources.address import StreamAddress

_KINDS = {
    "multipart/x-mixed-replace": "MJPEG",
    "application/vnd.apple.mpegurl": "HLS",
    "application/x-mpegurl": "HLS",
    "audio/mpegurl": "HLS",
    "image/jpeg": "a single JPEG picture",
}


def web_steps(address: StreamAddress, timeout_s: float) -> Generator[Step, None, VideoDescription | None]:
    """Ask for the stream, and again with user and password where the camera wants them; reads headers only."""
    parts = urlsplit(address.url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    try:
        # Cameras sign their own certificates, and FFmpeg takes any of them too. Nothing of proxies or .netrc is used.
        with httpx.Client(verify=False, timeout=timeout_s, follow_redirects=True, trust_env=False) as client:  # noqa: S501
            status, kind, asked = _get(client, bare, None)
            tried = ""
            if status == 401 and user:
                digest = any(one.scheme == "digest" for one in asked)
                auth = httpx.DigestAuth(user, password) if digest else httpx.BasicAuth(user, password)
                status, kind, _ = _get(client, bare, auth)
                tried = "digest" if digest else "basic"
    except httpx.TimeoutException:
        yield Step("protocol", Outcome.FAIL, f"did not answer within {timeout_s:g} s", "Restart the camera; try again")
        return None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        # Their texts may hold the address.
        yield Step("protocol", Outcome.FAIL, "does not answer in HTTP", "Check scheme and port")
        return None
    yield from _judged(status, kind, tried, asked, user)
    return None


def _get(client: httpx.Client, url: str, auth: httpx.Auth | None) -> tuple[int, str, list[Challenge]]:
    """(status, kind of content, challenges)."""
    with client.stream("GET", url, auth=auth) as response:
        asked = [Challenge.parse(value) for value in response.headers.get_list("www-authenticate")]
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return response.status_code, "".join(letter for letter in kind if letter.isprintable())[:60], asked


def _judged(status: int, kind: str, tried: str, asked: list[Challenge], user: str) -> list[Step]:
    name = "authentication"
    if status == 401 and not user:
        ways = " or ".join(one.name for one in asked) or "basic"
        return [Step(name, Outcome.FAIL, f"asks for user and password ({ways})", "Give username and password")]
    if status == 401:
        mend = "Check both; after some failures many cameras lock the account for minutes"
        return [Step(name, Outcome.FAIL, f"refuses user or password ({tried})", mend)]
    if status == 403:
        return [Step(name, Outcome.FAIL, "forbids its stream to this user", "Give the user the right to see it")]
    if status == 404:
        return [Step("path", Outcome.FAIL, "has no stream at this path", "Look it up in the camera's manual")]
    if status >= 300:
        return [Step("path", Outcome.FAIL, f"answers {status}", "See the camera's own log")]
    steps = [Step(name, Outcome.OK, f"accepted, {tried}" if tried else "none asked for")]
    if kind == "text/html":
        mend = "Look up the path of the stream itself in the camera's manual"
        return [*steps, Step("codec", Outcome.FAIL, "is a web page and no stream", mend)]
    return [*steps, Step("codec", Outcome.OK, _KINDS.get(kind, kind) or "does not say what it sends")]
