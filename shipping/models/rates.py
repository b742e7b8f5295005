"""Live rate model: store the locations whose delivery prices come from the supplier's API."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from suppliers.models import StockLocation


class LiveRateLocation(models.Model):
    """A location whose parcels are priced by its supplier's live rates, not by our routes."""

    location = models.OneToOneField(
        StockLocation,
        models.PROTECT,
        related_name="live_rate_location",
        verbose_name=_("From"),
        help_text=_(
            "For parcels from this location, the cart charges the supplier's live shipping rate "
            "plus tax and fees. Only delivery methods that the supplier quotes are offered. If it "
            "does not answer, the shipping methods of the shop apply."
        ),
    )
    is_active = models.BooleanField(
        _("Active"), default=True, help_text=_("If off, the shipping methods of the shop apply.")
    )

    class Meta:
        verbose_name = _("supplier shipping quote")
        verbose_name_plural = _("supplier shipping quotes")

    def __str__(self) -> str:
        return str(self.location)
