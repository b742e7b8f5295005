"""When a supplier is sent what was ordered of him, as staff set it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

EVERY_DAY = "1234567"  # Monday is 1


class Sending(TextChoices):
    """How what was ordered of a supplier comes to him."""

    AT_ONCE = "at_once", _("At once")
    EVERY = "every", _("Collected, every so many minutes")
    AT_TIMES = "at_times", _("Collected, at times of his day")


class OrdersGo(models.Model):
    """When orders go to a supplier, as columns of ``Supplier``.

    ``time_zone``, ``order_days`` and ``closed_on`` hold for his promises too (``collecting``).
    """

    sending = models.CharField(max_length=10, choices=Sending, default=Sending.AT_ONCE)
    send_every_min = models.PositiveSmallIntegerField(default=60)
    send_times = models.CharField(max_length=150, blank=True, default="")  # "09:00 14:30"
    time_zone = models.CharField(max_length=50, default="UTC")
    order_days = models.CharField(max_length=7, default=EVERY_DAY)
    closed_on = models.CharField(max_length=400, blank=True, default="")  # "2026-12-25 …"

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(sending__in=["at_once", "every"])
                | Q(sending="at_times", send_times__regex=r"^\d\d:\d\d( \d\d:\d\d)*$"),
                name="supplier_is_sent_orders_sometime",
            ),
            models.CheckConstraint(
                condition=Q(send_every_min__gte=5, send_every_min__lte=24 * 60),
                name="supplier_is_sent_orders_each_day",
            ),
            models.CheckConstraint(
                condition=Q(order_days__regex=r"^[1-7]+$"), name="supplier_takes_orders_on_a_day"
            ),
        ]
