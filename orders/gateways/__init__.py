"""The payment gateways we can speak to."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings

from orders.gateways.base import Gateway

GATEWAYS = {
    "test": ("orders.gateways.test.TestGateway", "TEST_GATEWAY"),
    "fake": ("orders.gateways.fake.FakeGateway", ""),
}
MOVES_NO_MONEY = frozenset(GATEWAYS)


class UnknownGatewayError(LookupError):
    """No gateway goes by this name."""


_open: dict[tuple[str, ...], Gateway] = {}  # kept for the process, and their connections with them


def gateway_for(code: str) -> Gateway:
    """Open the gateway of one name; its settings begin with ``TEST_GATEWAY`` and the like.

    Raises: UnknownGatewayError
    """
    if code not in GATEWAYS:
        raise UnknownGatewayError(code)
    path, prefix = GATEWAYS[code]
    known: dict[str, str] = {}
    if prefix:
        known["base_url"] = getattr(settings, f"{prefix}_URL")
        known["secret"] = getattr(settings, f"{prefix}_SECRET")
    place = (code, *known.values())
    if place not in _open:
        module, _, name = path.rpartition(".")
        _open[place] = getattr(import_module(module), name)(**known)
    return _open[place]


def close_all() -> None:
    """Hang up everywhere; the next call opens anew."""
    while _open:
        _open.popitem()[1].close()
