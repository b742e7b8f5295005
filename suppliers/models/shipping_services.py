"""Shipping service model: store the destinations, price, speed and battery limits of a service."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.fields import protected_key
from suppliers.models.inventory import StockLocation


class ShippingService(models.Model):
    """A shipping service from one location to some countries.

    Several rows may share a ``carrier_service``, one for each speed or price.

    Units: amounts in ``currency``, as the customer pays them; days are calendar days in
    transit; cells and batteries are lithium
    """

    location = protected_key(
        StockLocation, "services", _("From"), help_text=_("Origin warehouse."), db_index=False
    )
    code = models.SlugField(
        _("Code"),
        max_length=40,
        help_text=_("Our code: letters, digits and hyphens, unique per warehouse."),
    )
    # "economy" or "express": what the customer chooses
    tier = models.CharField(
        _("Delivery method"),
        max_length=12,
        help_text=_(
            "economy or express, which customers choose at checkout. A service with another value "
            "is used only if no service of the chosen method takes the parcel."
        ),
    )
    # the supplier's name of the service
    carrier_service = models.CharField(
        _("Supplier's name"),
        max_length=50,
        help_text=_("Exactly as the supplier writes it: orders refer to the service by this name."),
    )
    # Empty: worldwide.
    countries = models.JSONField(
        _("Countries"),
        default=list,
        help_text=_("Country codes, such as DE, AT. Empty = all countries."),
    )
    currency = models.CharField(
        _("Currency"), max_length=3, help_text=_("Cannot be changed later.")
    )
    base_amount = models.DecimalField(
        _("Price per parcel"),
        max_digits=10,
        decimal_places=2,
        help_text=_("Before the price per kilogram. 0 = only the weight counts."),
    )
    per_kg_amount = models.DecimalField(
        _("Price per kilogram"),
        max_digits=10,
        decimal_places=2,
        help_text=_("Charged by the gram. 0 = free."),
    )
    min_days = models.PositiveSmallIntegerField(
        _("Minimum transit time (days)"),
        help_text=_("Calendar days after handover to the carrier. 0 = the same day."),
    )
    max_days = models.PositiveSmallIntegerField(
        _("Maximum transit time (days)"),
        help_text=_("Basis of the latest delivery date shown to customers. Not below the minimum."),
    )
    max_weight_g = models.PositiveIntegerField(
        _("Maximum parcel weight (g)"),
        default=2000,
        help_text=_("Heavier parcels use another service. 0 = no parcels."),
    )
    accepts_cells_in_equipment = models.BooleanField(
        _("Batteries in the light"),
        default=True,
        help_text=_("Accepts lights that contain a lithium cell."),
    )
    accepts_cells_with_equipment = models.BooleanField(
        _("Batteries with the light"),
        default=False,
        help_text=_("Accepts lithium cells packed with their light."),
    )
    accepts_cells_alone = models.BooleanField(
        _("Loose batteries"), default=False, help_text=_("Accepts lithium cells without a light.")
    )
    max_cell_wh = models.DecimalField(
        _("Maximum lithium cell (Wh)"),
        max_digits=6,
        decimal_places=2,
        default=20,
        help_text=_("Postal services usually allow 20. 0 = no lithium."),
    )
    max_battery_wh = models.DecimalField(
        _("Maximum lithium battery (Wh)"),
        max_digits=6,
        decimal_places=2,
        default=100,
        help_text=_("All cells of one light together; 100 is usual. 0 = no lithium."),
    )
    # empty: no limit
    max_cells = models.PositiveSmallIntegerField(
        _("Maximum lithium cells per parcel"),
        null=True,
        blank=True,
        help_text=_("All lights in the parcel together. Empty = no limit."),
    )
    is_active = models.BooleanField(
        _("Active"), default=True, help_text=_("If cleared, new parcels do not use this service.")
    )

    class Meta:
        verbose_name = _("shipping service")
        verbose_name_plural = _("shipping services")
        constraints = [
            models.UniqueConstraint(fields=["location", "code"], name="service_once_per_location"),
            models.CheckConstraint(
                condition=Q(max_days__gte=F("min_days")), name="service_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(base_amount__gte=0, per_kg_amount__gte=0),
                name="service_price_not_negative",
                violation_error_message=_("Amounts and rates must be 0 or more."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} from {self.location}"
