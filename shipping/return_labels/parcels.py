"""Label parcels: describe the parcel of a return to the label provider: addresses, goods, customs."""

from decimal import Decimal

from django.utils.translation import gettext

from orders.models import Order, ReturnAuthorization, ReturnLine, ReturnPolicy
from orders.returns import eligibility
from orders.routing.ranking import CUSTOMS_UNION
from shipping.return_labels.base import LabelItem, LabelParcel
from storefront.lib.address import Address
from storefront.lib.money import Money

DEFAULT_WEIGHT_G = 300  # of a unit whose weight is not in the catalog


class CannotBuyLabelError(Exception):
    """No label can be bought for the return; the message says why."""


def describe(authorization: ReturnAuthorization) -> LabelParcel:
    """Return the parcel of a return, from the customer to the address of the return policy.

    Raises: CannotBuyLabelError  an address or customs data is missing
    """
    order = authorization.order
    recipient = _recipient(eligibility.find_policy(authorization.purchase_order.supplier))
    sender = _sender(order)
    needs_customs = _crosses_customs(sender.country, recipient.country)
    lines = authorization.lines.select_related("order_line__variant").order_by("pk")
    items = tuple(_item(line, order.currency) for line in lines)
    if needs_customs:
        _require_customs_data(items)
    return LabelParcel(
        sender=sender,
        recipient=recipient,
        email=order.email,
        items=items,
        needs_customs=needs_customs,
    )


def _recipient(policy: ReturnPolicy) -> Address:
    if not policy.label_country:
        message = gettext(
            "The return policy of the supplier has no address for labels. Add it, or send return"
            " instructions."
        )
        raise CannotBuyLabelError(message)
    return Address(
        name=policy.label_name,
        line1=policy.label_street,
        postcode=policy.label_postcode,
        city=policy.label_city,
        country=policy.label_country,
        phone=policy.label_phone,
    )


def _sender(order: Order) -> Address:
    try:
        sender = Address(**order.ship_to)
    except TypeError:
        sender = None
    if sender is None or not sender.line1:  # the customer's data was erased
        raise CannotBuyLabelError(gettext("The order has no complete delivery address."))
    return sender


def _crosses_customs(origin: str, destination: str) -> bool:
    return origin != destination and not {origin, destination} <= CUSTOMS_UNION


def _item(line: ReturnLine, currency: str) -> LabelItem:
    order_line, variant = line.order_line, line.order_line.variant
    value = order_line.customer_charge_amount / max(order_line.quantity, 1)
    return LabelItem(
        sku=order_line.sku,
        title=order_line.title,
        quantity=line.quantity,
        weight_g=variant.packed_weight_g or variant.weight_g or DEFAULT_WEIGHT_G,
        unit_value=Money(Decimal(value), currency).rounded(),
        hs_code=variant.hs_code,
        origin=variant.origin_country,
    )


def _require_customs_data(items: tuple[LabelItem, ...]) -> None:
    for item in items:
        if not item.hs_code or not item.origin:
            message = gettext(
                "This return crosses a customs border, and %(sku)s has no customs code or no"
                " country of origin. Add them to the variant, or send return instructions."
            )
            raise CannotBuyLabelError(message % {"sku": item.sku})
