"""Discrepancy labels: say what staff should do about a discrepancy, format both amounts."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Discrepancy
from storefront.lib.money import Money
from storefront.lib.staff.columns import as_money

Kind = Discrepancy.Kind
Measure = Discrepancy.Measure

ADVICE: Mapping[str, Promise] = {
    Kind.NOT_WITH_US: gettext_lazy(
        "The gateway's webhook did not arrive, or the money was moved manually at the"
        ' gateway. Select "Sync from gateway", then check the status of the order.'
    ),
    Kind.NOT_AT_GATEWAY: gettext_lazy(
        "Our records show a payment that the gateway does not have. Check that the"
        " shop is connected to the right gateway account. Do not ship this order"
        " until the payment is found."
    ),
    Kind.REFUND_UNBOOKED: gettext_lazy(
        "The customer received a refund that is missing from our records, perhaps"
        ' issued manually at the gateway. Select "Sync from gateway". Do not refund'
        " again."
    ),
    Kind.AMOUNT: gettext_lazy(
        "The amounts differ. Compare the payment with its page at the gateway. If the"
        ' gateway shows more, select "Sync from gateway".'
    ),
    Kind.CURRENCY: gettext_lazy(
        "The payment is in a different currency than the order. Find out which"
        " currency the customer paid in, and refund a wrong charge at the gateway."
    ),
    Kind.TWICE: gettext_lazy(
        "A charge or refund may be duplicated. Compare both at the gateway. Refund a duplicate"
        " charge. A duplicate refund is a loss unless the customer pays it back."
    ),
    Kind.OVER_CAPTURED: gettext_lazy(
        "More was captured than the order total. Refund the excess on the order page."
    ),
    Kind.NOT_CAPTURED: gettext_lazy(
        "Items shipped, but the payment was not captured. Check the capture on the payment page"
        " and retry it. If the authorization expired, ask the customer to pay."
    ),
    Kind.NOTHING_ORDERED: gettext_lazy(
        "The customer paid, but no supplier has the order. Place the purchase order,"
        " or refund the customer on the order page."
    ),
    Kind.SUPPLIER_OVERCHARGED: gettext_lazy(
        "The supplier charged more than agreed. Ask why, open a supplier claim on the"
        " purchase order page, or close this discrepancy with a reason."
    ),
    Kind.SUPPLIER_UNDERCHARGED: gettext_lazy(
        "Check that the supplier ships all items. If it only charged less, close this"
        " discrepancy with a reason."
    ),
    Kind.SUPPLIER_NOT_CHARGED: gettext_lazy(
        "The supplier accepted the order but did not charge it. It may be waiting for"
        " payment and not ship. Check the order in your supplier account."
    ),
    Kind.SUPPLIER_CHARGED_TWICE: gettext_lazy(
        "The supplier charged twice for the same items. Open a supplier claim on the"
        " purchase order page. If the invoice was only entered twice, withdraw one."
    ),
    Kind.SUPPLIER_CURRENCY: gettext_lazy(
        "The supplier charged in a different currency than agreed. Correct the"
        " currency in the supplier settings, or ask for a corrected invoice."
    ),
    Kind.INVOICED_UNSHIPPED: gettext_lazy(
        "The supplier charged for items that have not shipped in time. Check the"
        " purchase order status and do not pay until they ship. If they will not"
        " ship, cancel the purchase order or open a supplier claim."
    ),
    Kind.SHIPPED_UNINVOICED: gettext_lazy(
        "Items shipped, but there is no invoice. Ask the supplier for the invoice and enter"
        " it. If the items are free, close this discrepancy with a reason."
    ),
    Kind.UNKNOWN_PURCHASE_ORDER: gettext_lazy(
        "The invoice matches no purchase order. It may be for a sample, another buyer's order or a"
        " manual order. Close this discrepancy with a reason, or ask the supplier for a refund."
    ),
}
ENDED_HOLD = gettext_lazy(
    "The gateway no longer holds the authorization, but our records say it does."
    ' Select "Sync from gateway". Money that was not captured before cannot be'
    " captured any more."
)
UNKNOWN_PAYMENT = gettext_lazy(
    "The gateway has a payment that is not in our records. Find it at the gateway by"
    " its reference. If it belongs to no order, refund it there."
)
STILL_HELD = gettext_lazy(
    "Our records show the authorization as released, but the gateway still holds it."
    " Release it at the gateway, or wait until it expires."
)
DISPUTE = gettext_lazy(
    "The customer's bank disputes the payment, but the webhook did not arrive. Select"
    ' "Sync from gateway": items that no supplier has yet are put on hold.'
)
FREIGHT = gettext_lazy(
    "The freight differs from the amount the supplier confirmed. Ask why, or close this"
    " discrepancy with a reason. If it happens each time, correct the supplier's shipping methods."
)


def advice(difference: Discrepancy) -> str:
    """Return the advice for staff, in one or two sentences."""
    kind, measure = difference.kind, difference.what
    if measure == Measure.FREIGHT:
        return str(FREIGHT)
    if measure == Measure.DISPUTED and kind == Kind.NOT_WITH_US:
        return str(DISPUTE)
    if measure == Measure.HELD and difference.payment_id:
        return str(ENDED_HOLD if kind == Kind.NOT_WITH_US else STILL_HELD)
    if kind == Kind.NOT_WITH_US and not difference.payment_id:
        return str(UNKNOWN_PAYMENT)
    return str(ADVICE[kind])


def amounts(difference: Discrepancy) -> str:
    """Return both amounts as text: expected and found."""
    return _("%(what)s: expected %(expected)s, found %(found)s") % {
        "what": difference.get_what_display(),
        "expected": _money(difference.expected),
        "found": _money(difference.found),
    }


def _money(money: Money | None) -> str:
    return _("nothing") if money is None else as_money(money)
