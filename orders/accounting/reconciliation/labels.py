"""Discrepancy labels: say what staff should do about a discrepancy, format both amounts."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import MoneyDifference
from storefront.lib.money import Money
from storefront.lib.staff.columns import as_money

Kind = MoneyDifference.Kind
What = MoneyDifference.What

TO_DO: Mapping[str, Promise] = {
    Kind.NOT_WITH_US: gettext_lazy(
        "Its news never arrived, or somebody moved the money by hand at the gateway. Take the event"
        " in; then look whether the order stands as it should."
    ),
    Kind.NOT_AT_GATEWAY: gettext_lazy(
        "Our book has money that the gateway does not know. Look whether the shop speaks to the"
        " right account there, and ship nothing for this order before the money is found."
    ),
    Kind.REFUND_UNBOOKED: gettext_lazy(
        "The shopper got money back that our book does not know of, perhaps by hand at the gateway."
        " Take the event in, and refund nothing once more."
    ),
    Kind.AMOUNT: gettext_lazy(
        "Both know of it, and the sums differ. Compare the payment with its page at the gateway;"
        " where the gateway has more, take the event in."
    ),
    Kind.CURRENCY: gettext_lazy(
        "The money is in another currency than the order. Find out in which one the shopper paid;"
        " refund at the gateway what was taken by mistake."
    ),
    Kind.TWICE: gettext_lazy(
        "The same seems to have moved twice. Compare both at the gateway: what the shopper paid"
        " twice is to be refunded, and what he got back twice is lost unless he returns it."
    ),
    Kind.OVER_CAPTURED: gettext_lazy(
        "More was taken than the shopper agreed to. Refund what is over from the page of the order."
    ),
    Kind.NOT_CAPTURED: gettext_lazy(
        "The goods left, and their money was not taken. Look what became of the capture in the"
        " payment, and ask again; if the authorization ended, ask the shopper to pay."
    ),
    Kind.NOTHING_ORDERED: gettext_lazy(
        "The shopper paid, and no supplier has an order for it. Order it, or refund it from the"
        " page of the order."
    ),
    Kind.BILL_MORE: gettext_lazy(
        "Ask the supplier why it is dearer than agreed. What he will not take back is a loss: claim"
        " it from the page of the purchase order, or close this with the reason."
    ),
    Kind.BILL_LESS: gettext_lazy(
        "Look whether he ships all of it. If he just charges less, close this with the reason."
    ),
    Kind.BILL_MISSING: gettext_lazy(
        "He accepted it and charged nothing: perhaps it waits there to be paid, and is not shipped."
        " Look it up in his account."
    ),
    Kind.BILL_TWICE: gettext_lazy(
        "He charged for the same goods twice. Have him pay one back: complain from the page of the"
        " purchase order. Withdraw a bill that was only entered twice."
    ),
    Kind.BILL_CURRENCY: gettext_lazy(
        "He charged in another currency than agreed. Set the right one at the supplier, or have"
        " him correct the bill."
    ),
    Kind.BILL_UNSHIPPED: gettext_lazy(
        "He charged for goods that have not left in time. Look the purchase order up, and pay"
        " nothing before they leave; if they never will, cancel it or claim the money."
    ),
    Kind.SHIPPED_UNBILLED: gettext_lazy(
        "The goods left, and no bill of them is here. Ask him for it and enter it; if he charges"
        " nothing for them, close this with the reason."
    ),
    Kind.BILL_UNKNOWN: gettext_lazy(
        "He charged for something that is no purchase order of ours: a sample, somebody else's"
        " order, or one made by hand. Close it with the reason, or have him pay it back."
    ),
}
ENDED_HOLD = gettext_lazy(
    "The gateway holds the money no longer, and our book says that it does. Take the event in;"
    " what was not captured by then cannot be captured any more."
)
STRANGER = gettext_lazy(
    "The gateway has money of a payment that we never opened, or do not know any more. Find it"
    " there by its number, and refund it at the gateway unless an order belongs to it."
)
STILL_HELD = gettext_lazy(
    "Our book says that it was given back, and the gateway holds it still. Release it at the"
    " gateway, or wait until the authorization ends."
)
DISPUTE = gettext_lazy(
    "The shopper's bank disputes the payment, and the news of it never arrived. Take the event in:"
    " it stops what no supplier has yet."
)
FREIGHT = gettext_lazy(
    "The way cost other than he said when he accepted it. Ask him why, or close this with the"
    " reason; if it is so each time, correct his routes."
)


def to_do(difference: MoneyDifference) -> str:
    """Return the advice for staff, in one or two sentences."""
    kind, what = difference.kind, difference.what
    if what == What.FREIGHT:
        return str(FREIGHT)
    if what == What.DISPUTED and kind == Kind.NOT_WITH_US:
        return str(DISPUTE)
    if what == What.HELD and difference.payment_id:
        return str(ENDED_HOLD if kind == Kind.NOT_WITH_US else STILL_HELD)
    if kind == Kind.NOT_WITH_US and not difference.payment_id:
        return str(STRANGER)
    return str(TO_DO[kind])


def amounts(difference: MoneyDifference) -> str:
    """Return both amounts as text: expected and found."""
    return _("%(what)s expected %(expected)s, found %(found)s") % {
        "what": difference.get_what_display(),
        "expected": _money(difference.expected),
        "found": _money(difference.found),
    }


def _money(money: Money | None) -> str:
    return _("nothing") if money is None else as_money(money)
