"""Promotion admin: edit promotions and coupons, show redemptions."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import Coupon, Promotion, Redemption
from orders.promotions import codes, redemptions
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, register_read_only
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.inlines import inline

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
    Group(_("Eligibility"), ("minimum_amount", "products", "categories", "brands")),
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
    Group(_("Combination with other promotions"), ("combines", "priority", "may_go_below_floor")),
)
COUPON_FIELDS = (Group(_("Discount code"), ("promotion", "code", "limit", "used")),)
Kind = Promotion.Kind
# Required fields of each kind, as database constraints have them.
REQUIRED_FIELDS: dict[str | None, tuple[str, ...]] = {
    Kind.PERCENT: ("percent",),
    Kind.AMOUNT: ("amount",),
    Kind.BUY_X_GET_Y: ("buy_quantity", "get_quantity", "get_percent"),
}


class PromotionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Validates what database constraints require, with messages."""

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        for name in REQUIRED_FIELDS.get(values.get("kind"), ()):
            if name in values and not values[name]:
                self.add_error(name, gettext("Enter a value above 0 for this kind of promotion."))
        for name in ("percent", "get_percent"):
            if values.get(name) is not None and not 0 <= values[name] <= 1:
                self.add_error(name, gettext("Enter a fraction from 0 to 1."))
        starts, ends = values.get("starts_at"), values.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", gettext("The end must be after the start."))
        most = values.get("usage_limit")
        if most is not None and most < redemptions.active_redemptions(self.instance).count():
            self.add_error(
                "usage_limit", gettext("More orders have already used it. Enter a higher limit.")
            )
        return values


@admin.register(Promotion)
class PromotionAdmin(StaffAdmin):
    form = PromotionForm
    may_add = True
    editable = tuple(name for group in PROMOTION_FIELDS for name in group.fields if name != "used")
    groups = PROMOTION_FIELDS
    autocomplete_fields: ClassVar = ["products", "brands"]
    list_display: ClassVar = [
        "name",
        columns.text("channel__name", _("Channel")),
        "kind",
        "is_active",
        "needs_code",
        columns.age("starts_at", _("Starts")),
        columns.age("ends_at", _("Ends")),
        "used",
        "usage_limit",
    ]
    list_select_related: ClassVar = ["channel"]
    list_filter: ClassVar = ["channel", "kind", "is_active", "needs_code"]
    search_fields: ClassVar = ["name", "coupons__code"]
    inlines: ClassVar = [
        inline(Coupon, "code", "limit", "used", tab=False),
        inline(
            Redemption,
            columns.link("order", _("Order")),
            "code",
            "amount",
            "at",
            "reverted_at",
            related=("order",),
            ordering=["-id"],
        ),
    ]

    def save_model(
        self, request: HttpRequest, obj: Promotion, form: "forms.ModelForm[Promotion]", change: bool
    ) -> None:
        with transaction.atomic():
            if change:
                redemptions.recount_usage(promotion=obj)  # before the new limit is stored
            obj.save(update_fields=self.editable_columns() if change else None)

    def editable_columns(self) -> list[str]:
        many = {field.name for field in self.opts.many_to_many}
        return [name for name in self.editable if name not in many]


class CouponForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Normalizes the code; the limit must not be below the uses."""

    def clean_code(self) -> str:
        return codes.normalize_code(self.cleaned_data["code"])

    def clean_limit(self) -> int | None:
        most: int | None = self.cleaned_data["limit"]
        if self.instance.pk and most is not None:
            used = (
                redemptions.active_redemptions(self.instance.promotion)
                .filter(coupon=self.instance)
                .count()
            )
            if most < used:
                raise forms.ValidationError(
                    gettext("More orders have already used it. Enter a higher limit.")
                )
        return most


@admin.register(Coupon)
class CouponAdmin(StaffAdmin):
    form = CouponForm
    may_add = True
    editable = ("limit",)
    groups = COUPON_FIELDS
    list_display: ClassVar = ["code", columns.link("promotion", _("Promotion")), "used", "limit"]
    list_select_related: ClassVar = ["promotion"]
    search_fields: ClassVar = ["code"]

    def save_model(
        self, request: HttpRequest, obj: Coupon, form: "forms.ModelForm[Coupon]", change: bool
    ) -> None:
        with transaction.atomic():
            if change:
                redemptions.recount_usage(promotion=obj.promotion)  # before the new limit is stored
            obj.save(update_fields=["limit"] if change else None)


register_read_only(
    Redemption,
    list_display=[
        "name",
        columns.link("order", _("Order")),
        "code",
        columns.money("amount", _("Discount"), currency="order__currency"),
        columns.age("at", _("Used")),
        columns.age("reverted_at", _("Released")),
    ],
    list_select_related=["order"],
    search_fields=["code", "order__number"],
)
