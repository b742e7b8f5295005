"""SSRF protection: resolve an untrusted host, refuse private addresses, connect to checked ones.

A name is resolved once. If any of its addresses is not public, no connection is made: a URL in a
feed could otherwise reach the internal network. PRIVATE_NETWORKS_ALLOWED and OUTSIDE_PORTS_ALLOWED
list the exceptions.
"""

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from storefront.lib.http.errors import PermanentError, TemporaryError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

WEB_PORTS = frozenset({80, 443})
MAX_ADDRESSES = 4
# IPv6 networks whose addresses contain an IPv4 address, and the IPv4 network of relays to IPv6.
NAT64 = ipaddress.ip_network("64:ff9b::/96")
NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
COMPATIBLE = ipaddress.ip_network("::/96")
RELAYS = ipaddress.ip_network("192.88.99.0/24")


class ForbiddenAddressError(PermanentError):
    """The address is not allowed; nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="refused_address")


def check_url(url: str) -> SplitResult:
    """Split an http(s) URL with a host and no user. Raises ForbiddenAddressError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ForbiddenAddressError("the address is malformed") from error
    if parts.scheme not in {"http", "https"}:
        raise ForbiddenAddressError(f"neither http nor https: {parts.scheme[:20]!r}")
    if "@" in parts.netloc or "\\" in parts.netloc or not parts.hostname or port == 0:
        raise ForbiddenAddressError("the address contains a user name, or has no host")
    return parts


def resolve_allowed(
    host: str, port: int, *, timeout_s: float | None, usual_ports: frozenset[int] = WEB_PORTS
) -> list[str]:
    """Resolve a host to at most ``MAX_ADDRESSES`` allowed addresses.

    Raises: ForbiddenAddressError: an address is not public, or the port is not allowed.
    TemporaryError: the name is not resolved in time.
    """
    if port not in usual_ports and not _is_listed_port(port):
        raise ForbiddenAddressError(f"port {port} is not allowed")
    addresses = list(dict.fromkeys(_resolved(host, port, timeout_s)))
    for address in addresses:
        if not is_allowed(address):
            raise ForbiddenAddressError(f"{host[:80]} is not in a public network")
    return addresses[:MAX_ADDRESSES]


def connect(
    host: str, port: int, *, timeout_s: float, usual_ports: frozenset[int]
) -> socket.socket:
    """Connect by another protocol than HTTP. Raises ForbiddenAddressError, TemporaryError."""
    ends_at = time.monotonic() + timeout_s
    for address in resolve_allowed(host, port, timeout_s=timeout_s, usual_ports=usual_ports):
        remaining_s = max(0.01, ends_at - time.monotonic())
        try:
            return socket.create_connection((address, port), timeout=remaining_s)
        except OSError:
            continue
    raise TemporaryError(f"{host}:{port} does not respond")


def is_allowed(address: str) -> bool:
    """Return whether an IP address is public, or in a network that the settings allow."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    allowed = [ipaddress.ip_network(entry) for entry in settings.PRIVATE_NETWORKS_ALLOWED]
    if any(ip.version == network.version and ip in network for network in allowed):
        return True
    return all(_is_public(embedded) for embedded in _embedded_addresses(ip))


def _is_public(ip: IPAddress) -> bool:
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        return not ip.is_site_local
    return ip not in RELAYS


def _embedded_addresses(ip: IPAddress) -> Iterator[IPAddress]:
    """Yield an address and each IPv4 address embedded in it."""
    if isinstance(ip, ipaddress.IPv4Address):
        yield ip
        return
    if ip.ipv4_mapped is None and ip not in NAT64:
        yield ip
    yield from (
        embedded for embedded in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())) if embedded
    )
    if ip in NAT64 or ip in NAT64_LOCAL or ip in COMPATIBLE:
        yield ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)


def _is_listed_port(port: int) -> bool:
    for entry in settings.OUTSIDE_PORTS_ALLOWED:
        first, _, last = entry.partition("-")
        if int(first) <= port <= int(last or first):
            return True
    return False


def _resolved(host: str, port: int, timeout_s: float | None) -> list[str]:
    """Resolve by the system's resolver, in a thread, because it has no timeout of its own."""
    result: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            result.put([str(info[4][0]) for info in infos])
        except (OSError, UnicodeError) as error:
            result.put(error)

    threading.Thread(target=ask, daemon=True, name="resolver").start()
    try:
        outcome = result.get(timeout=timeout_s)
    except queue.Empty as error:
        raise TemporaryError(f"{host[:80]} was not resolved in time") from error
    if isinstance(outcome, Exception):
        raise TemporaryError(f"{host[:80]} cannot be resolved") from outcome
    return outcome
