"""Live rate model: store the locations whose supplier's API names the delivery price."""

from __future__ import annotations

from django.db import models

from suppliers.models import StockLocation


class LiveRateLocation(models.Model):
    """A location whose parcels cost what its supplier asks, instead of our routes."""

    location = models.OneToOneField(
        StockLocation, models.PROTECT, related_name="live_rate_location"
    )
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return str(self.location)
