"""When a supplier is sent what was ordered of him, as staff set it."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

from suppliers import collecting
from suppliers.collecting import Calendar, Collecting, Manner


class Sending(TextChoices):
    """What ``collecting.Manner`` says, in words."""

    AT_ONCE = Manner.AT_ONCE, _("At once")
    EVERY = Manner.EVERY, _("Collected, every so many minutes")
    AT_TIMES = Manner.AT_TIMES, _("Collected, at times of his day")


class OrdersGo(models.Model):
    """When orders go to a supplier, as columns of ``Supplier``.

    ``time_zone``, ``order_days`` and ``closed_on`` hold for his promises too (``collecting``).
    """

    sending = models.CharField(max_length=10, choices=Sending, default=Sending.AT_ONCE)
    send_every_min = models.PositiveSmallIntegerField(default=60)
    send_times = models.CharField(max_length=150, blank=True, default="")  # "09:00 14:30"
    time_zone = models.CharField(max_length=50, default="UTC")
    order_days = models.CharField(max_length=7, default=collecting.EVERY_DAY)
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

    @property
    def collecting(self) -> Collecting:
        return Collecting(
            manner=self.sending,
            every=timedelta(minutes=self.send_every_min),
            times=collecting.times_in(self.send_times),
            calendar=calendar(
                getattr(self, "cut_off_hour", None), self.order_days, self.closed_on, self.time_zone
            ),
        )


def calendar(cut_off_hour: int | None, days: str, closed_on: str, zone: str) -> Calendar:
    return Calendar(
        cut_off_hour=cut_off_hour, days=days, closed=collecting.days_in(closed_on), zone=zone
    )
