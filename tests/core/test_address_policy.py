"""Which addresses may be opened when they come through an interface."""

from __future__ import annotations

import ast
import ipaddress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spotter
from spotter.core.address_policy import AddressPolicy, addresses_of
from spotter.core.errors import SourceError


def resolving(*addresses: str):
    def resolve(host: str) -> list[str]:
        return list(addresses)

    return resolve


@pytest.mark.parametrize(
    ("url", "opened"),
    [
        ("rtsp://10.0.0.5/s", "10.0.0.5"),
        ("rtsp://user:word@192.168.1.20:554/s", "192.168.1.20"),
        ("http://[fd12::5]/s", "fd12::5"),
        ("https://203.0.113.9/s", "203.0.113.9"),
    ],
)
def test_where_cameras_live(url: str, opened: str) -> None:
    if opened.startswith("203.0.113"):  # Documentation addresses count as private, as those of a site would.
        assert ipaddress.ip_address(opened).is_private
    assert AddressPolicy().check(url) == opened


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:9100/metrics", "is this machine"),
        ("http://127.8.9.10/", "is this machine"),
        ("http://[::1]/", "is this machine"),
        ("http://[::ffff:127.0.0.1]/", "is this machine"),
        ("http://169.254.169.254/latest/meta-data", "answers for the machine itself"),
        ("http://[fd00:ec2::254]/", "answers for the machine itself"),
        ("http://[::ffff:169.254.169.254]/", "answers for the machine itself"),
        ("http://100.100.100.200/", "answers for the machine itself"),
        ("http://169.254.1.1/", "link-local"),
        ("http://[fe80::1%25eth0]/", "link-local"),
        ("http://0.0.0.0/", "stands for any address"),
        ("http://[::]/", "stands for any address"),
        ("rtsp://239.1.2.3/s", "multicast"),
        ("http://255.255.255.255/", "reserved"),
        ("file:///etc/passwd", "not a complete URL"),
        ("gopher://10.0.0.5/", "scheme that is not allowed"),
        ("rtsp://", "not a complete URL"),
        ("http://[bad/", "not a complete URL"),
        ("10.0.0.5/s", "not a complete URL"),
    ],
)
def test_what_is_refused(url: str, why: str) -> None:
    with pytest.raises(SourceError, match=why):
        AddressPolicy().check(url)


def test_one_bad_address_of_a_name_is_enough() -> None:
    """A name that answers with a good and a bad address would be opened at either."""
    policy = AddressPolicy()
    assert policy.check("rtsp://cam.site/s", resolving("10.0.0.5", "10.0.0.6")) == "10.0.0.5"
    with pytest.raises(SourceError, match=r"127\.0\.0\.1 is this machine"):
        policy.check("rtsp://cam.site/s", resolving("10.0.0.5", "127.0.0.1"))
    with pytest.raises(SourceError, match="not known"):
        policy.check("rtsp://cam.site/s", resolving())


def test_names_of_this_machine_are_looked_up() -> None:
    assert "127.0.0.1" in addresses_of("localhost") or "::1" in addresses_of("localhost")
    with pytest.raises(SourceError, match="is this machine"):
        AddressPolicy().check("http://localhost:9100/")
    assert AddressPolicy(loopback=True).check("http://127.0.0.1/") == "127.0.0.1"


def test_only_the_networks_of_the_site() -> None:
    policy = AddressPolicy(networks=(ipaddress.ip_network("10.20.0.0/16"),))
    assert policy.check("rtsp://10.20.3.4/s") == "10.20.3.4"
    with pytest.raises(SourceError, match="outside the networks"):
        policy.check("rtsp://10.21.3.4/s")


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_other_ways_to_write_this_machine(host: str) -> None:
    """The system's own resolver takes these for 127.0.0.1, so its answer is what counts."""
    with pytest.raises(SourceError, match=r"is this machine|not known"):
        AddressPolicy().check(f"http://{host}/")


@given(
    st.ip_addresses(network="127.0.0.0/8")
    | st.ip_addresses(network="169.254.0.0/16")
    | st.just(ipaddress.ip_address("::1"))
)
def test_no_spelling_of_a_forbidden_address_passes(address) -> None:
    texts = [f"[{address}]" if address.version == 6 else str(address)]
    texts += [f"[::ffff:{address}]", str(int(address))] if address.version == 4 else [f"[{address.exploded}]"]
    for text in texts:
        with pytest.raises(SourceError):
            AddressPolicy().check(f"http://{text}/", resolving(str(address)))


def test_no_error_holds_a_password() -> None:
    with pytest.raises(SourceError) as caught:
        AddressPolicy().check("rtsp://admin:Hunter2@127.0.0.1/s")
    assert "Hunter2" not in str(caught.value)


def test_no_text_of_a_user_reaches_a_shell() -> None:
    """Nothing in the package runs a shell, or a command line that is one text."""
    found = []
    for path in Path(spotter.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            shell = any(
                key.arg == "shell" and not (isinstance(key.value, ast.Constant) and not key.value.value)
                for key in node.keywords
            )
            text = (
                name.startswith("subprocess.") and node.args and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
            )
            if shell or text or name in ("os.system", "os.popen", "eval", "exec", "subprocess.getoutput"):
                found.append(f"{path.name}:{node.lineno} {name}")
    assert found == []
