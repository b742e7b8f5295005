"""Platform factory: open the adapter of a connection with its secrets and its circuit breaker."""

from collections.abc import Iterator
from contextlib import contextmanager

from storefront.lib.http.observers import CallObserver
from storefront.lib.security.encryption import decrypt
from storefront.sales_channels.connections.gate import StoreGate
from storefront.sales_channels.models import Connection
from storefront.sales_channels.platforms import platform_class
from storefront.sales_channels.platforms.base import Platform, PlatformContext


def secrets_of(connection: Connection) -> dict[str, str]:
    """Decrypt the secrets of a connection."""
    return {name: str(value) for name, value in decrypt(connection.secrets_encrypted).items()}


@contextmanager
def open_platform(
    connection: Connection, *, is_for_order: bool = False, gate: CallObserver | None = None
) -> Iterator[Platform]:
    """Open the adapter of a connection; close it afterwards. Sends no request.

    ``is_for_order``: the breaker admits calls for orders earlier. A ``gate`` takes its place.
    """
    context = PlatformContext(
        base_url=connection.base_url,
        secrets=secrets_of(connection),
        options={name: str(value) for name, value in connection.options.items()},
        gate=gate or StoreGate(connection, is_for_order=is_for_order),
    )
    platform = platform_class(connection.platform)(context)
    try:
        yield platform
    finally:
        platform.close()
