"""Status reasons: show those that the shop records in the language of the page."""

import re
from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

# As stored -> as shown. Other reasons are the words of staff, customers, suppliers and carriers.
REASONS: Mapping[str, Promise] = {
    "payment authorized": _("Payment authorized"),
    "not paid in time": _("Not paid in time"),
    "authorization expired": _("Authorization expired"),
    "authorized amount differs from the order total": _(
        "Authorized amount differs from the order total"
    ),
    "canceled by the customer": _("Canceled by the customer"),
    "canceled by the shop": _("Canceled by the shop"),
    "canceled in the store": _("Canceled in the store"),
    "replaced by a newer order of the same customer": _(
        "Replaced by a newer order of the same customer"
    ),
    "everything arrived or was settled": _("Everything arrived or was settled"),
    "staff: check again": _("Checked again by staff"),
    "The supplier does not have this purchase order.": _(
        "The supplier does not have this purchase order."
    ),
    "Shipped before the supplier answered.": _("Shipped before the supplier answered."),
    "no shipping method to the address": _("No shipping method to the address"),
    "the supplier did not confirm in time": _("The supplier did not confirm in time"),
    "rejected by the supplier": _("Rejected by the supplier"),
    "delayed again by the supplier": _("Delayed again by the supplier"),
    "it shipped": _("It shipped"),
    "arrives in time": _("Arrives in time"),
    "the customer waits": _("The customer waits"),
    "no answer in time": _("No answer in time"),
    "replacement product": _("Replacement product"),
    "the customer wants a refund": _("The customer wants a refund"),
    "no supplier has the order": _("No supplier has the order"),
    "the customer reported a problem": _("The customer reported a problem"),
}
PATTERNS: Sequence[tuple[re.Pattern[str], Promise]] = (
    (re.compile(r"(?P<name>.+) left"), _("%(name)s left")),
    (re.compile(r"it replaces (?P<name>\S+)"), _("It replaces %(name)s")),
    (re.compile(r"replaced by (?P<name>\S+)"), _("Replaced by %(name)s")),
    (re.compile(r"(?P<count>\d+) purchase orders?"), _("Purchase orders: %(count)s")),
)


def shown(reason: str) -> str:
    """Return a recorded reason as staff read it."""
    if known := REASONS.get(reason):
        return str(known)
    for pattern, text in PATTERNS:
        if found := pattern.fullmatch(reason):
            return str(text) % found.groupdict()
    return str(capfirst(reason))
