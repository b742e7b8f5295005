"""Gateway registry: list the payment gateways, open one by its code, close all."""

from collections.abc import Callable
from importlib import import_module

from django.conf import settings

from orders.gateways.base import Gateway
from storefront.lib.http.errors import TemporaryError
from storefront.lib.http.observers import CallObserver, LoggingObserver

# Gateway code -> dotted path of its class, and the settings that its arguments are read from.
# Development adds its own (``storefront.dev.apps``).
GATEWAYS: dict[str, tuple[str, dict[str, str]]] = {
    "stripe": (
        "orders.gateways.stripe.gateway.StripeGateway",
        {"base_url": "STRIPE_API_URL", "secret": "STRIPE_SECRET_KEY"},
    )
}
PRODUCTION_GATEWAYS = frozenset(GATEWAYS)  # the gateways of production


class UnknownGatewayError(TemporaryError):
    """No gateway is registered under this code. Nothing was sent: retry once one is."""


def _open_gate(_code: str) -> CallObserver:
    return LoggingObserver()


# Opens the gate of a gateway. ``orders.apps`` sets one with a circuit breaker: gateways do not
# import the database.
gate_for: Callable[[str], CallObserver] = _open_gate
_gateways: dict[tuple[str, ...], Gateway] = {}  # kept for the process, with their connections


def gateway_class(code: str) -> Callable[..., Gateway]:
    """Import the class of a gateway. Raises KeyError: no gateway has this code."""
    module, _, name = GATEWAYS[code][0].rpartition(".")
    found: Callable[..., Gateway] = getattr(import_module(module), name)
    return found


def gateway_for(code: str) -> Gateway:
    """Return the gateway of a code; it is opened once per process and settings.

    Raises: UnknownGatewayError
    """
    if code not in GATEWAYS:
        raise UnknownGatewayError(f"no payment gateway is registered as {code!r}")
    arguments: dict[str, str] = {
        word: getattr(settings, name) for word, name in GATEWAYS[code][1].items()
    }
    key = (code, *arguments.values())
    if key not in _gateways:
        _gateways[key] = gateway_class(code)(gate=gate_for(code), **arguments)
    return _gateways[key]


def close_all() -> None:
    """Close all gateways; the next call opens them again."""
    while _gateways:
        _gateways.popitem()[1].close()
