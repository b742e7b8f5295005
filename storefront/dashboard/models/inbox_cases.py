"""Inbox case models: store how long inbox rows stayed, who ended them, and which orders staff touched."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models import Order
from storefront.lib.db.constraints import unique


class InboxCase(models.Model):
    """An inbox row from its first sight until it left the inbox; open without ``settled_at``.

    ``row`` is 0 for a cause whose rows stand for several records: their ids do not stay.
    """

    class SettledBy(models.TextChoices):
        STAFF = "staff", _("By hand")
        RULE = "rule", _("By a rule")
        ITSELF = "itself", _("By itself")

    cause = models.SlugField(_("Issue"), max_length=40, db_index=False)
    row = models.BigIntegerField(_("Record number"))
    order_id = models.BigIntegerField(_("Order"), null=True)
    opened_at = models.DateTimeField(_("Opened"))
    settled_at = models.DateTimeField(_("Settled"), null=True)
    settled_by = models.CharField(_("Settled by"), max_length=6, choices=SettledBy, blank=True)

    class Meta:
        verbose_name = _("inbox case")
        verbose_name_plural = _("inbox cases")
        constraints = [
            unique("inbox_case_open_once", ["cause", "row"], condition=models.Q(settled_at=None))
        ]
        indexes = [
            models.Index(fields=["opened_at"], name="inbox_case_by_opened"),
            models.Index(fields=["settled_at"], name="inbox_case_by_settled"),
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.row}"


class HandledOrder(models.Model):
    """An order on which staff acted; ``at`` is the last time."""

    order = models.OneToOneField(Order, models.CASCADE, related_name="+", verbose_name=_("Order"))
    at = models.DateTimeField(_("Last action"))

    class Meta:
        verbose_name = _("order handled by staff")
        verbose_name_plural = _("orders handled by staff")

    def __str__(self) -> str:
        return str(self.order_id)
