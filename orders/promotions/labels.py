"""Promotion labels: name and explain the fields of promotions and coupons for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

PROMOTION_FIELDS = (
    Group(
        _("Discount"),
        {
            "channel": Field(
                _("Channel"),
                _("The promotion is valid in this channel. Amounts are in its currency."),
            ),
            "name": Field(_("Name"), _("Shown to the customer next to the discount.")),
            "kind": Field(_("Discount"), _("Each kind asks for its own figures below.")),
            "percent": Field(
                _("Percent off"), _("A fraction: 0.1 is 10 %. Only for percentage discounts.")
            ),
            "amount": Field(
                _("Amount off"),
                _("In the currency of the channel, once per cart. Otherwise 0."),
            ),
            "buy_quantity": Field(
                _("Buy"), _("Number of units that are paid. Only for “Buy X, get Y”. Otherwise 0.")
            ),
            "get_quantity": Field(
                _("Get"), _("Number of the cheapest units that are discounted. Otherwise 0.")
            ),
            "get_percent": Field(
                _("Discount on “Get”"), _("A fraction: 1 is free, 0.5 is half price.")
            ),
        },
    ),
    Group(
        _("Eligibility"),
        {
            "minimum_amount": Field(
                _("Minimum cart value"),
                _("Value of all items, in the currency of the channel. Leave empty for any cart."),
            ),
            "products": Field(_("Products"), _("Leave all three empty to include every product.")),
            "categories": Field(_("Categories"), _("All products in these categories.")),
            "brands": Field(_("Brands"), _("All products of these brands.")),
        },
    ),
    Group(
        _("Schedule and limits"),
        {
            "is_active": Field(
                _("Active"), _("If off, no cart gets the promotion, with or without a code.")
            ),
            "needs_code": Field(
                _("Needs a code"), _("If off, every eligible cart gets the promotion.")
            ),
            "starts_at": Field(_("From, UTC"), _("Start of the promotion.")),
            "ends_at": Field(_("Until, UTC"), _("Leave empty for no end date.")),
            "usage_limit": Field(
                _("Order limit"), _("Maximum number of orders. Leave empty for no limit.")
            ),
            "usage_limit_per_customer": Field(
                _("Limit per customer"),
                _("Customers are recognized by their e-mail address. Leave empty for no limit."),
            ),
            "used": Field(_("Times used"), _("Counted only while a limit is set.")),
        },
    ),
    Group(
        _("Combination with other promotions"),
        {
            "combines": Field(
                _("Can be combined"),
                _(
                    "If on, it combines with other promotions that can be combined. If off, "
                    "it applies alone. The cart gets the cheapest result."
                ),
            ),
            "priority": Field(
                _("Order"), _("Of combined promotions, the lower number applies first.")
            ),
            "may_go_below_floor": Field(
                _("May go below the minimum margin"),
                _(
                    "If on, orders may sell at a loss. If off, the discount stops at the "
                    "minimum margin."
                ),
            ),
        },
    ),
)
COUPON_FIELDS = (
    Group(
        _("Discount code"),
        {
            "promotion": Field(_("Promotion"), _("The promotion that this code activates.")),
            "code": Field(
                _("Code"),
                _("Capital letters, digits and hyphens. Customers can enter it in lower case."),
            ),
            "limit": Field(_("Order limit"), _("1 = one order. Leave empty for no limit.")),
            "used": Field(_("Times used"), _("Counted only while a limit is set.")),
        },
    ),
)
