"""Note models: store notes of staff on customers and orders, tags; customers never see them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order
from storefront.lib.db.constraints import unique
from storefront.lib.db.fields import protected_key


class Note(models.Model):
    """A note of staff. It is never sent.

    ``request_key`` names one submitted form, so that a repeated one stores nothing.
    """

    MAX_CHARS = 4000

    author = models.CharField(_("Author"), max_length=100)
    text = models.TextField(_("Note"), max_length=MAX_CHARS)
    written_at = models.DateTimeField(_("Written"))
    request_key = models.CharField(_("Form key"), max_length=40, editable=False)

    class Meta:
        abstract = True


class CustomerNote(Note):
    """A note on a customer. Append-only; erased with the customer."""

    # Of the account, or of the orders of a guest; in lower case.
    email = models.EmailField(_("E-mail"), max_length=254)

    class Meta:
        verbose_name = _("customer note")
        verbose_name_plural = _("customer notes")
        constraints = [unique("customer_note_once_per_form", ["email", "request_key"])]

    def __str__(self) -> str:
        return f"customer note {self.pk}"


class OrderNote(Note):
    """A note on an order. Append-only; erased with the customer."""

    order = protected_key(Order, "notes", _("Order"), db_index=False)  # the constraint has one

    class Meta:
        verbose_name = _("order note")
        verbose_name_plural = _("order notes")
        constraints = [unique("order_note_once_per_form", ["order", "request_key"])]

    def __str__(self) -> str:
        return f"{self.order} {self.written_at:%Y-%m-%d %H:%M}"


class OrderTag(models.Model):
    """A tag of an order, by which staff filter the list of orders."""

    order = protected_key(Order, "tags", _("Order"), db_index=False)  # the constraint has one
    name = models.CharField(_("Tag"), max_length=40)

    class Meta:
        verbose_name = _("order tag")
        verbose_name_plural = _("order tags")
        constraints = [unique("order_tag_once", ["order", "name"])]
        indexes = [models.Index(fields=["name"], name="order_tag_by_name")]

    def __str__(self) -> str:
        return self.name
