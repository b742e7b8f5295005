"""Product alert model: store who asked to be told that an item is back in stock, or cheaper."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel, Variant
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import amount_field, cascading_key, protected_key


class ProductAlert(models.Model):
    """A request for one e-mail about a variant. The row is deleted when it ends.

    It ends when the e-mail is recorded, when the person stops it, or when it expires.
    """

    class Kind(models.TextChoices):
        BACK_IN_STOCK = "back_in_stock", _("Back in stock")
        PRICE_DROP = "price_drop", _("Price drop")

    kind = models.CharField(_("Alert"), max_length=13, choices=Kind)
    variant = cascading_key(Variant, "alerts", _("Variant"))
    channel = protected_key(Channel, "alerts", _("Channel"), db_index=False)
    country = models.CharField(_("Deliver to"), max_length=2)
    email = models.EmailField(_("E-mail"), max_length=254)  # in lower case
    locale = models.CharField(_("Language"), max_length=5)
    # of a price drop: the displayed price when the person asked, in the channel's currency
    price_amount = amount_field(_("Price when asked"), null=True)
    asked_at = models.DateTimeField(_("Asked"))
    confirmed_at = models.DateTimeField(_("Confirmed"), null=True, blank=True)
    # since when what the person waits for is true, without interruption
    met_since = models.DateTimeField(_("Condition met since"), null=True, blank=True)

    class Meta:
        verbose_name = _("product alert")
        verbose_name_plural = _("product alerts")
        constraints = [
            unique("product_alert_once", ["email", "variant", "channel", "country", "kind"]),
            check(
                "product_alert_price_of_drop",
                models.Q(kind="price_drop", price_amount__isnull=False)
                | models.Q(kind="back_in_stock", price_amount__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["asked_at"], name="product_alert_by_age")]

    def __str__(self) -> str:
        # Appears in logs, so it contains no address.
        return f"{self.kind} {self.pk}"
