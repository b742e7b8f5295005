"""Client IP: return the address and network of a request, trust only our own proxies."""

from contextvars import ContextVar
from ipaddress import IPv4Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

IPV4_PREFIX, IPV4_ADDRESS = 24, 32
IPV6_PREFIX = 64
DIGEST_CHARS = 32
# The request of this thread, for code far below the view: the security log.
current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)


def client_address(request: HttpRequest) -> str:
    """Return the visitor's IP address.

    Each trusted proxy appends the address it saw, so the right one is TRUSTED_PROXIES positions
    from the end. All entries before that were sent by the visitor.
    """
    direct = str(request.META.get("REMOTE_ADDR") or "")
    if not settings.TRUSTED_PROXIES:
        return direct
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    index = len(hops) - settings.TRUSTED_PROXIES
    return hops[index] if index >= 0 and hops[index] else direct


def client_network(request: HttpRequest) -> str:
    """Return the network that one visitor can move within: an IPv4 /24 or an IPv6 /64."""
    return _network(request, IPV4_PREFIX)


def client_range(request: HttpRequest) -> str:
    """Return one visitor's range: an IPv4 address or an IPv6 /64."""
    return _network(request, IPV4_ADDRESS)


def _network(request: HttpRequest, ipv4_prefix: int) -> str:
    raw = client_address(request)
    try:
        address = ip_address(raw)
    except ValueError:
        return raw
    prefix = ipv4_prefix if isinstance(address, IPv4Address) else IPV6_PREFIX
    return str(ip_network((address, prefix), strict=False))


def network_digest(request: HttpRequest) -> str:
    """Return a keyed digest of the visitor's network; empty for loopback."""
    network = client_network(request)
    try:
        if ip_network(network).is_loopback:
            return ""
    except ValueError:
        pass  # not an IP address: treat it as one visitor
    digest = salted_hmac("client network", network, algorithm="sha256").hexdigest()
    return digest[:DIGEST_CHARS]


def current_network() -> str:
    """Return the network of the current request; empty in workers and commands."""
    request = current_request.get()
    return client_network(request) if request is not None else ""
