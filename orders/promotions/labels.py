"""Promotion labels: group the form fields of promotions and coupons."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Group

PROMOTION_FIELDS = (
    Group(
        _("Discount"),
        (
            "channel",
            "name",
            "kind",
            "percent",
            "amount",
            "buy_quantity",
            "get_quantity",
            "get_percent",
        ),
    ),
    Group(
        _("Eligibility"),
        (
            "minimum_amount",
            "products",
            "categories",
            "brands",
        ),
    ),
    Group(
        _("Schedule and limits"),
        (
            "is_active",
            "needs_code",
            "starts_at",
            "ends_at",
            "usage_limit",
            "usage_limit_per_customer",
            "used",
        ),
    ),
    Group(
        _("Combination with other promotions"),
        (
            "combines",
            "priority",
            "may_go_below_floor",
        ),
    ),
)
COUPON_FIELDS = (
    Group(
        _("Discount code"),
        (
            "promotion",
            "code",
            "limit",
            "used",
        ),
    ),
)
