"""Change request model: keep what a supplier states differently about a live product."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Product


class ChangeRequest(models.Model):
    """The changes of one product that one supplier states, and that staff have not accepted.

    - ``changes``: field -> {"value", "source"}; the newest values of the feed. A field is a column
      of ``Product`` or ``Spec``, "options", "modes", or ``custom:`` or ``more:`` with a code or
      label. ``source`` is the entry of ``Spec.sources``, if any. Empty: nothing waits for staff.
    - ``rejected``: field -> {"value", "actor", "at"}; a rejected value is not asked again until the
      feed states another one.
    """

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="change_requests", verbose_name=_("Product")
    )
    supplier_code = models.CharField(_("Supplier (code)"), max_length=30)
    changes = models.JSONField(_("Changes"), default=dict, blank=True)
    rejected = models.JSONField(_("Rejected values"), default=dict, blank=True)
    opened_at = models.DateTimeField(_("Since"))
    updated_at = models.DateTimeField(_("Changed"))

    class Meta:
        verbose_name = _("change request")
        verbose_name_plural = _("change requests")
        constraints = [
            models.UniqueConstraint(
                fields=["product", "supplier_code"], name="change_request_once_per_supplier"
            )
        ]
        indexes = [
            models.Index(
                fields=["opened_at"],
                condition=~models.Q(changes={}),
                name="change_request_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.product}, {self.supplier_code}"
