"""Dashboard models: store what staff do with inbox rows, alerts, broken invariants, figures."""

from datetime import time

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel
from notifications.models import ChatChannel
from orders.models import Order
from storefront.dashboard.models.inbox_cases import HandledOrder, InboxCase
from storefront.dashboard.models.settling import SettlingRule, SettlingRun
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import cascading_key, protected_key
from suppliers.models import Supplier

__all__ = [
    "AlertRecipient",
    "AlertedKind",
    "AnnouncedCase",
    "DailyFigures",
    "DefaultGroup",
    "HandledOrder",
    "InboxAssignment",
    "InboxCase",
    "InboxNote",
    "InboxSnooze",
    "InvariantCheckRun",
    "InvariantViolation",
    "OrderFigures",
    "PendingFigures",
    "SettlingRule",
    "SettlingRun",
]


class InboxAssignment(models.Model):
    """The assignee of an inbox row; ``cause`` is the code of its rule, ``row`` its id."""

    cause = models.SlugField(_("Issue"), max_length=40, db_index=False)
    row = models.BigIntegerField(_("Record number"))
    by = models.CharField(_("By"), max_length=100)
    at = models.DateTimeField(_("When"))

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints = [unique("inbox_assignment_once", ["cause", "row"])]

    def __str__(self) -> str:
        return f"{self.cause} {self.row}"


class InboxSnooze(models.Model):
    """An inbox row that is not shown until a time, or until its case starts again."""

    cause = models.SlugField(_("Issue"), max_length=40, db_index=False)
    row = models.BigIntegerField(_("Record number"))
    until = models.DateTimeField(_("Snoozed until"))
    by = models.CharField(_("By"), max_length=100)
    at = models.DateTimeField(_("When"))

    class Meta:
        verbose_name = _("snoozed item")
        verbose_name_plural = _("snoozed items")
        constraints = [unique("inbox_snooze_once", ["cause", "row"])]

    def __str__(self) -> str:
        return f"{self.cause} {self.row}"


class InboxNote(models.Model):
    """A note of staff on an inbox row."""

    cause = models.SlugField(_("Issue"), max_length=40, db_index=False)
    row = models.BigIntegerField(_("Record number"))
    text = models.CharField(_("Note"), max_length=500)
    by = models.CharField(_("By"), max_length=100)
    at = models.DateTimeField(_("When"))

    class Meta:
        verbose_name = _("inbox note")
        verbose_name_plural = _("inbox notes")
        # a double click writes one note
        constraints = [unique("inbox_note_once", ["cause", "row", "by", "text"])]

    def __str__(self) -> str:
        return self.text


class InvariantViolation(models.Model):
    """An invariant violated since ``since``; ``rows`` are the first of ``count`` violations."""

    code = models.CharField(_("Code"), max_length=60, unique=True)
    sentence = models.CharField(_("Rule"), max_length=300)
    count = models.PositiveIntegerField(_("Quantity"))
    rows = models.JSONField(_("First violations"), encoder=DjangoJSONEncoder)
    since = models.DateTimeField(_("Since"))
    seen_at = models.DateTimeField(_("Last seen"))

    class Meta:
        verbose_name = _("failed integrity check")
        verbose_name_plural = _("failed integrity checks")

    def __str__(self) -> str:
        return self.code


class InvariantCheckRun(models.Model):
    """A check of all invariants.

    ``newest_unpublished_supply`` is the newest id in ``PendingPublication``, whose rows have no
    timestamps: it shows how old they are.
    """

    at = models.DateTimeField(_("When"))
    newest_unpublished_supply = models.BigIntegerField(
        _("Newest supply change to publish"), default=0
    )

    class Meta:
        verbose_name = _("integrity check run")
        verbose_name_plural = _("integrity check runs")
        indexes = [models.Index(fields=["at"], name="checkup_by_time")]

    def __str__(self) -> str:
        return str(self.at)


class DefaultGroup(models.Model):
    """A staff group that the shop came with; ``name`` is its key in ``login.groups.GROUPS``.

    ``permissions`` are those that releases have given it, as ``app.codename``. A release adds each
    permission once, so that it does not give back what staff took away. A row without a group
    remembers that staff deleted it, or had groups of their own before.
    """

    group = models.OneToOneField(
        Group, models.SET_NULL, null=True, related_name="+", verbose_name=_("Group")
    )
    name = models.CharField(_("Name"), max_length=40, unique=True)
    permissions = models.JSONField(_("Permissions"), default=list)

    class Meta:
        verbose_name = _("default group")
        verbose_name_plural = _("default groups")

    def __str__(self) -> str:
        return self.name


class AlertRecipient(models.Model):
    """A staff member or chat channel that is told what waits in the inbox.

    ``urgent_kinds`` and ``digest_kinds`` are codes of inbox rules.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Staff member"),
    )
    channel = models.OneToOneField(
        ChatChannel,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Chat channel"),
    )
    language = models.CharField(
        _("Language"), max_length=5, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    urgent_kinds = models.JSONField(_("At once"), default=list, blank=True)
    digest_kinds = models.JSONField(_("In the morning digest"), default=list, blank=True)
    digest_at = models.TimeField(_("Time of the digest"), default=time(8))
    time_zone = models.CharField(_("Time zone"), max_length=40, default="Europe/Berlin")
    sends_empty_digest = models.BooleanField(
        _("Also send a digest if nothing waits"), default=False
    )
    # the last day whose digest was written, in the recipient's time zone
    digest_day = models.DateField(_("Last digest"), null=True, blank=True)

    class Meta:
        verbose_name = _("alert recipient")
        verbose_name_plural = _("alert recipients")
        constraints = [
            check(
                "alert_recipient_is_one",
                models.Q(user__isnull=True, channel__isnull=False)
                | models.Q(user__isnull=False, channel__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return str(self.channel or self.user)


class AnnouncedCase(models.Model):
    """An inbox case that webhook subscriptions were told of; ``cause`` and ``row`` as in the inbox."""

    cause = models.SlugField(_("Issue"), max_length=40, db_index=False)
    row = models.BigIntegerField(_("Record number"))

    class Meta:
        verbose_name = _("announced case")
        verbose_name_plural = _("announced cases")
        constraints = [unique("announced_case_once", ["cause", "row"])]

    def __str__(self) -> str:
        return f"{self.cause} {self.row}"


class AlertedKind(models.Model):
    """What a recipient was told at once of one inbox rule: the cases that still wait, and when."""

    recipient = cascading_key(AlertRecipient, "alerted", _("Recipient"), db_index=False)
    cause = models.SlugField(_("Issue"), max_length=40, db_index=False)
    cases = models.JSONField(_("Cases"), default=list)
    at = models.DateTimeField(_("Last alert"), null=True)

    class Meta:
        verbose_name = _("sent alert")
        verbose_name_plural = _("sent alerts")
        constraints = [unique("alerted_kind_once", ["recipient", "cause"])]

    def __str__(self) -> str:
        return f"{self.recipient_id} {self.cause}"


# Figures


class PendingFigures(models.Model):
    """An order whose figures may have changed; database triggers write it (``figures.sql``)."""

    order_id = models.BigIntegerField(_("Order"))

    class Meta:
        verbose_name = _("order to count again")
        verbose_name_plural = _("orders to count again")

    def __str__(self) -> str:
        return str(self.order_id)


class Figures(models.Model):
    """Sums of paid orders, on the day they were placed; ``supplier`` None: of all suppliers.

    ``revenue`` is net of tax and of refunds for items that the customer keeps. ``profit`` is what
    remains of it after all costs. ``kept`` and ``missed`` count orders with a promised day,
    ``repeats`` orders of an e-mail address that had ordered before.
    """

    day = models.DateField(_("Date"))
    channel = protected_key(Channel, "+", _("Channel"), db_index=False)
    currency = models.CharField(_("Currency"), max_length=3)
    supplier = protected_key(Supplier, "+", _("Supplier"), null=True, db_index=False)
    units = models.PositiveIntegerField(_("Units ordered"))
    canceled = models.PositiveIntegerField(_("Units canceled"))
    delivered = models.PositiveIntegerField(_("Units delivered"))
    returned = models.PositiveIntegerField(_("Units returned"))
    revenue = models.DecimalField(_("Net sales"), max_digits=16, decimal_places=2)
    refunds = models.DecimalField(_("Refunds"), max_digits=16, decimal_places=2)
    profit = models.DecimalField(_("Profit"), max_digits=16, decimal_places=2)
    kept = models.PositiveIntegerField(_("Promise kept"))
    missed = models.PositiveIntegerField(_("Promise missed"))
    repeats = models.PositiveIntegerField(_("Orders of repeat customers"))
    estimated = models.PositiveIntegerField(_("Orders with estimated costs"))

    class Meta:
        abstract = True


class OrderFigures(Figures):
    """The figures of one order, or of the part that one supplier ships."""

    order = cascading_key(Order, "figures", _("Order"), db_index=False)

    class Meta:
        verbose_name = _("figures of an order")
        verbose_name_plural = _("figures of orders")
        constraints = [
            unique("order_figures_once", ["order", "supplier"], nulls_distinct=False),
        ]
        indexes = [models.Index(fields=["day"], name="order_figures_by_day")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.supplier_id or ''}"


class DailyFigures(Figures):
    """The sum of the figures of all orders of a day; pages read only these rows."""

    orders = models.PositiveIntegerField(_("Orders"))

    class Meta:
        verbose_name = _("daily figures")
        verbose_name_plural = _("daily figures")
        constraints = [
            unique(
                "daily_figures_once",
                ["day", "supplier", "channel", "currency"],
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.currency}"


class DailyVisits(models.Model):
    """Visits of a day on the pages of a channel, counted without cookies or identifiers.

    ``views`` are product pages shown to browsers, ``carts`` new carts, ``checkouts`` carts that got
    an address.
    """

    day = models.DateField(_("Date"))
    channel = protected_key(Channel, "+", _("Channel"), db_index=False)
    views = models.PositiveIntegerField(_("Product views"))
    carts = models.PositiveIntegerField(_("New carts"))
    checkouts = models.PositiveIntegerField(_("Checkouts begun"))

    class Meta:
        verbose_name = _("daily visits")
        verbose_name_plural = _("daily visits")
        constraints = [unique("daily_visits_once", ["day", "channel"])]

    def __str__(self) -> str:
        return f"{self.day} {self.channel_id}"


class EmptySearch(models.Model):
    """How often a text was searched without results on one day, on the pages of a channel."""

    day = models.DateField(_("Date"))
    channel = protected_key(Channel, "+", _("Channel"), db_index=False)
    text = models.CharField(_("Search text"), max_length=60)
    count = models.PositiveIntegerField(_("Searches"))

    class Meta:
        verbose_name = _("search without results")
        verbose_name_plural = _("searches without results")
        constraints = [unique("empty_search_once", ["day", "channel", "text"])]

    def __str__(self) -> str:
        return self.text
