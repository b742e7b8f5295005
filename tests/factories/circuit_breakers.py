"""Circuit breaker factory: open a supplier's breaker, by the clock of the database."""

from datetime import timedelta

from django.db.models.functions import Now

from suppliers.models import CircuitBreaker, Connection, Supplier
from tests.factories.suppliers import NOON


def break_line(
    supplier: Supplier, *, orders_wait_s: float = 60, probe_s: float | None = None
) -> None:
    """Open the breaker for all calls, also about orders; with ``probe_s`` a probe is under way."""
    connection, _ = Connection.objects.get_or_create(supplier=supplier)
    CircuitBreaker.objects.create(
        connection=connection,
        failures=5,
        opened_at=NOON,
        open_until=Now() + timedelta(seconds=orders_wait_s),
        orders_blocked_until=Now() + timedelta(seconds=orders_wait_s),
        half_open_until=None if probe_s is None else Now() + timedelta(seconds=probe_s),
    )
