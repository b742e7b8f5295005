"""Cart models: store carts and their lines with guaranteed prices."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel, Listing
from storefront.accounts.models import User
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import amount_field, cascading_key, protected_key

CART_RETENTION = timedelta(days=30)
PRICE_GUARANTEE = timedelta(minutes=30)
MAX_QUANTITY = 99


class Cart(models.Model):
    """A cart, known to its owner only by ``token``. Checkout freezes it."""

    token = models.CharField(_("Cart token"), max_length=43, unique=True)
    channel = protected_key(Channel, "carts", _("Channel"))
    country = models.CharField(_("Country"), max_length=2)
    locale = models.CharField(_("Language"), max_length=5, default="en")
    email = models.EmailField(_("E-mail"), max_length=254, blank=True)
    # Address, as far as entered
    ship_to = models.JSONField(_("Delivery address"), default=dict, blank=True)
    # where text messages about the deliveries go (E.164); empty: none are wanted
    sms_number = models.CharField(_("Text messages to"), max_length=16, blank=True, db_default="")
    # Where the address came from, see ``addresses.verification.record``.
    address_verification = models.JSONField(
        _("Address validation"), default=dict, db_default=Value({}, models.JSONField()), blank=True
    )
    # coupon codes as the customer entered them
    codes = models.JSONField(
        _("Discount codes"), default=list, db_default=Value([], models.JSONField()), blank=True
    )
    # the delivery method chosen
    service = models.CharField(_("Delivery"), max_length=40, blank=True)
    # The account that owns the cart, and whether it is its current cart on the channel.
    owner = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="carts",
        db_index=False,
        verbose_name=_("Account"),
    )
    is_current = models.BooleanField(_("Current cart"), default=False)
    # Token of the browser's first cart: the same for all orders of one browser.
    browser_key = models.CharField(
        _("Browser"), max_length=43, blank=True, default="", db_default=""
    )
    # The staff member who orders for a customer: the cart is a draft order. Empty: a customer's cart.
    entered_by = models.CharField(_("Entered by"), max_length=100, blank=True, db_default="")
    # The cart of the unpaid order that staff canceled to edit its content here.
    edit_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="edits",
        db_index=False,
        verbose_name=_("Edit of"),
    )
    created_at = models.DateTimeField(_("Created"))
    updated_at = models.DateTimeField(_("Last activity"))

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        constraints = [
            unique(
                "cart_one_current_per_owner_and_channel",
                ["owner", "channel"],
                condition=Q(is_current=True),
            ),
            unique("cart_edited_once", ["edit_of"], condition=Q(edit_of__isnull=False)),
        ]
        indexes = [
            models.Index(fields=["owner"], condition=Q(owner__isnull=False), name="cart_by_owner"),
            models.Index(
                fields=["browser_key"], condition=~Q(browser_key=""), name="cart_by_browser"
            ),
            models.Index(fields=["id"], condition=~Q(entered_by=""), name="cart_entered_by_staff"),
        ]

    def __str__(self) -> str:
        return f"cart {self.pk}"

    @property
    def browser(self) -> str:
        """Return the key of the browser: the token of its first cart."""
        return self.browser_key or self.token


class CartLine(models.Model):
    """A quantity of one listing, with the quoted price and time.

    ``promised_from`` to ``promised_country`` are what the customer saw when the line was last
    added: the delivery window, the country of origin and the destination.
    """

    cart = cascading_key(Cart, "lines", _("Cart"), db_index=False)
    listing = cascading_key(Listing, "cart_lines", _("Listing"))
    quantity = models.PositiveSmallIntegerField(_("Quantity"))
    quoted_amount = amount_field(_("Quoted price"))
    quoted_at = models.DateTimeField(_("Quoted"))
    promised_from = models.DateField(_("Promised from"), null=True, blank=True)
    promised_to = models.DateField(_("Promised to"), null=True, blank=True)
    promised_origin = models.CharField(
        _("Promised origin"), max_length=2, blank=True, default="", db_default=""
    )
    promised_country = models.CharField(
        _("Promised destination"), max_length=2, blank=True, default="", db_default=""
    )

    class Meta:
        verbose_name = _("cart line")
        verbose_name_plural = _("cart lines")
        constraints = [
            unique("cart_line_once_per_listing", ["cart", "listing"]),
            check("cart_line_quantity_in_range", Q(quantity__gte=1, quantity__lte=MAX_QUANTITY)),
            check(
                "cart_line_promise_complete",
                Q(promised_from=None, promised_to=None, promised_origin="", promised_country="")
                | Q(promised_from__isnull=False, promised_to__gte=F("promised_from"))
                & Q(promised_to__isnull=False)
                & ~Q(promised_origin="")
                & ~Q(promised_country=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.listing_id}"

    def is_price_guaranteed(self, now: datetime) -> bool:
        """Return whether the quoted price is still guaranteed."""
        return now - self.quoted_at <= PRICE_GUARANTEE
