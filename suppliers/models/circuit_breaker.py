"""Circuit breaker model: store the state of the breaker of each supplier and payment gateway."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from suppliers.models.supplier import Connection


class CircuitBreakerQuerySet(models.QuerySet["CircuitBreaker"]):
    """Breakers that block calls. "Now" is the database's clock, as for the calls themselves."""

    def open_for_syncs(self) -> Self:
        """Return the breakers that block sync calls: the pause lasts, or a probe is under way."""
        return self._open().filter(Q(open_until__gt=Now()) | Q(half_open_until__gt=Now()))

    def open_for_orders(self) -> Self:
        """Return the breakers that block order calls too."""
        return self._open().filter(Q(orders_blocked_until__gt=Now()) | Q(half_open_until__gt=Now()))

    def _open(self) -> Self:
        return self.filter(opened_at__isnull=False)


class CircuitBreaker(models.Model):
    """The circuit breaker of one supplier connection or payment gateway.

    Shared by all processes; written only after a failure. It is open while ``opened_at`` is
    set. One probe may be made by an order call from ``orders_blocked_until`` on, by any call from
    ``open_until`` on. The probe must end by ``half_open_until``.
    """

    connection = models.OneToOneField(
        Connection,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="breaker",
        verbose_name=_("Connection"),
    )
    # key of another system: a gateway's code, ``store:<id>`` of a sales channel; empty for a supplier
    gateway = models.CharField(_("Gateway"), max_length=20, blank=True, db_default="")
    failures = models.PositiveIntegerField(_("Consecutive failures"), default=0)
    # since the breaker was last closed
    consecutive_opens = models.PositiveIntegerField(_("Consecutive pauses"), default=0)
    opened_at = models.DateTimeField(_("No response since"), null=True, blank=True)
    open_until = models.DateTimeField(_("Syncs retry at"), null=True, blank=True)
    orders_blocked_until = models.DateTimeField(_("Orders retry at"), null=True, blank=True)
    half_open_until = models.DateTimeField(_("Probe until"), null=True, blank=True)
    last_failure = models.CharField(_("Last failure"), max_length=200, blank=True)

    objects = CircuitBreakerQuerySet.as_manager()

    class Meta:
        verbose_name = _("circuit breaker")
        verbose_name_plural = _("circuit breakers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(opened_at__isnull=True)
                | models.Q(open_until__isnull=False, orders_blocked_until__isnull=False),
                name="breaker_open_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(connection__isnull=True) ^ Q(gateway=""),
                name="breaker_of_supplier_or_gateway",
            ),
            models.UniqueConstraint(
                fields=["gateway"], condition=~Q(gateway=""), name="breaker_one_per_gateway"
            ),
        ]

    def __str__(self) -> str:
        return f"breaker of {self.connection.supplier if self.connection else self.gateway}"
