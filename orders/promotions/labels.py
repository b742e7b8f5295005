"""Promotion labels: name and explain the fields of promotions and coupons for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

PROMOTION = (
    Group(
        _("What it gives"),
        {
            "channel": Field(_("Channel"), _("Where it holds; amounts are in its currency.")),
            "name": Field(_("Name"), _("The shopper reads it beside what it saves him.")),
            "kind": Field(_("What it gives"), _("Each kind asks for its own figures below.")),
            "percent": Field(
                _("Percent off"), _("A fraction: 0.1 is 10 %. Only where it gives percent off.")
            ),
            "amount": Field(
                _("Amount off"),
                _("In the currency of the channel, once for the whole cart. Else 0."),
            ),
            "buy_quantity": Field(
                _("Buy"), _("So many units are paid. Only where it gives some for some. Else 0.")
            ),
            "get_quantity": Field(
                _("Get"), _("So many of the cheapest are given for them. Else 0.")
            ),
            "get_percent": Field(
                _("Off what is given"), _("A fraction: 1 gives it for nothing, 0.5 for half.")
            ),
        },
    ),
    Group(
        _("For which carts"),
        {
            "minimum_amount": Field(
                _("Smallest cart"),
                _("Worth of all goods, in the currency of the channel. Empty: any cart."),
            ),
            "products": Field(_("Products"), _("Nothing in all three: all goods.")),
            "categories": Field(_("Categories"), _("All goods on these shelves.")),
            "brands": Field(_("Brands"), _("All goods of these brands.")),
        },
    ),
    Group(
        _("When, and how often"),
        {
            "is_live": Field(_("Holds"), _("Off: nobody gets it, with or without a code.")),
            "needs_code": Field(_("Needs a code"), _("Off: every cart that fits gets it.")),
            "starts_at": Field(_("From, UTC"), _("It holds from this moment on.")),
            "ends_at": Field(_("Until, UTC"), _("Empty: until it is switched off.")),
            "limit_total": Field(
                _("For so many orders"), _("The database keeps to it. Empty: for any number.")
            ),
            "limit_per_customer": Field(
                _("So often for one customer"), _("Known by his e-mail. Empty: any number.")
            ),
            "used": Field(_("Orders that used it"), _("Counted while there is a limit.")),
        },
    ),
    Group(
        _("Beside others"),
        {
            "combines": Field(
                _("Combines"),
                _("On: it stands beside others that do. Off: alone; the best way is taken."),
            ),
            "priority": Field(_("Order"), _("Of those that combine, the lower one comes first.")),
            "may_go_below_floor": Field(
                _("May go below the lowest margin"),
                _("On: orders may lose money by it. Off: it ends at the lowest margin."),
            ),
        },
    ),
)
COUPON = (
    Group(
        _("Which code"),
        {
            "promotion": Field(_("Promotion"), _("What the code opens.")),
            "code": Field(
                _("Code"), _("Capital letters, digits and hyphens; the shopper may write small.")
            ),
            "limit": Field(_("For so many orders"), _("1: one order. Empty: any number.")),
            "used": Field(_("Orders that used it"), _("Counted while there is a limit.")),
        },
    ),
)
