"""Event types: name what the shop publishes, and the kinds of objects it is about."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventType(models.TextChoices):
    """A type of public event. A value never changes: receivers store it."""

    ORDER_PLACED = "order.placed", _("Order placed")
    ORDER_PAID = "order.paid", _("Order paid")
    ORDER_SHIPPED = "order.shipped", _("Parcel of an order shipped")
    ORDER_DELIVERED = "order.delivered", _("Parcel of an order delivered")
    ORDER_CANCELED = "order.canceled", _("Order canceled")
    ORDER_REFUNDED = "order.refunded", _("Order refunded")
    RETURN_OPENED = "return.opened", _("Return opened")
    RETURN_RECEIVED = "return.received", _("Return received")
    PURCHASE_ORDER_SUBMITTED = "purchase_order.submitted", _("Purchase order submitted")
    PURCHASE_ORDER_CONFIRMED = "purchase_order.confirmed", _("Purchase order confirmed")
    PURCHASE_ORDER_REJECTED = "purchase_order.rejected", _("Purchase order rejected")
    STOCK_LOW = "stock.low", _("Stock low")
    STOCK_OUT = "stock.out", _("Out of stock")
    STOCK_BACK = "stock.back", _("Back in stock")
    PRICE_CHANGED = "price.changed", _("Price changed")
    ATTENTION_NEEDED = "attention.needed", _("Needs attention")
    WEBHOOK_TEST = "webhook.test", _("Test of a webhook")


# What a subscription can choose: a test is sent to one subscription, on request.
SUBSCRIBABLE = tuple(kind for kind in EventType if kind != EventType.WEBHOOK_TEST)


class ObjectKind(models.TextChoices):
    """The kind of object an event is about; the first part of ``PublicEvent.subject``."""

    ORDER = "order", _("Order")
    PURCHASE_ORDER = "purchase_order", _("Purchase order")
    RETURN = "return", _("Return")
    LISTING = "listing", _("Listing")
    CASE = "case", _("Inbox case")
    SUBSCRIPTION = "subscription", _("Webhook subscription")
