"""Default staff groups: define them, create them in a new shop, add permissions of new releases."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import Group, Permission

from storefront.accounts.rights import code_of
from storefront.dashboard.models import DefaultGroup
from storefront.lib.security.cost_rights import VIEW_COSTS, needs_costs

# A permission is ``app.codename``; ``app.*`` are all view permissions of an app, ``*`` are all.
# Groups without VIEW_COSTS get no permission that needs it.
GROUPS: Mapping[str, Sequence[str]] = {
    "Catalog editor": [
        "catalog.*",
        *(
            f"catalog.{verb}_{table}"
            for table in (
                "product", "variant", "category", "brand", "productfamily", "customattribute",
                "requirement", "productdocument", "productguarantee",
            )
            for verb in ("add", "change")
        ),
        "catalog.change_listing",
        "catalog.change_changerequest",
        "catalog.delete_productguarantee",
        "catalog.change_competitorsource",
        "product_feeds.view_productfeed",
        "product_feeds.add_productfeed",
        "product_feeds.change_productfeed",
        "product_feeds.delete_productfeed",
        "sales_channels.*",
        "suppliers.view_catalogimport",
        "suppliers.add_catalogimport",
    ],
    "Support": [
        *(
            f"orders.view_{table}"
            for table in (
                "order", "orderline", "payment", "returnauthorization", "returnline",
                "returnphoto", "returnlabel", "addresschangerequest", "backorder", "backorderline",
                "promotion", "coupon", "customerinvoice", "ordermessage", "ordernote", "ordertag",
                "refundrequest", "purchaseorder", "purchaseline", "customernote",
            )
        ),
        "orders.add_customernote",
        "accounts.view_customer",
        "accounts.view_as_customer",
        "accounts.export_customer",
        "orders.place_order",
        "orders.cancel_order",
        "orders.refund_order",
        "orders.redirect_order",
        "orders.return_order",
        "orders.buy_returnlabel",
        "orders.change_order",
        "orders.change_returnauthorization",
        "orders.change_addresschangerequest",
        "orders.change_ordermessage",
        "orders.change_backorder",
        "shipping.view_parcel",
        "shipping.view_parcelline",
        "shipping.view_trackingevent",
        "shipping.view_trackingregistration",
        "shipping.view_silencecase",
        "shipping.view_silencerule",
        "shipping.change_parcel",
        "shipping.view_problemreport",
        "shipping.view_problemreportline",
        "shipping.view_problemphoto",
        "shipping.change_problemreport",
        "sales_channels.view_remoteorderrecord",
        "sales_channels.change_remoteorderrecord",
        "sales_channels.view_remotefulfillment",
        "notifications.view_message",
        "notifications.change_message",
        "notifications.view_suppression",
        "notifications.change_suppression",
        "catalog.view_product",
        "catalog.view_variant",
    ],
    "Buyer": [
        "suppliers.*",
        *(
            f"suppliers.{verb}_{table}"
            for table in ("supplier", "connection", "compliancedocument", "shippingservice")
            for verb in ("add", "change")
        ),
        "suppliers.add_catalogimport",
        "suppliers.change_feedmapping",
        "suppliers.change_supplieroffer",
        "suppliers.change_syncrun",
        "suppliers.change_syncissue",
        VIEW_COSTS,
        *(
            f"orders.{verb}_{table}"
            for table in ("purchaseorder", "supplierclaim", "supplierreturn", "erasurerequest")
            for verb in ("view", "change")
        ),
        "orders.view_order",
        "orders.view_orderline",
        "orders.view_purchaseline",
        "orders.view_purchasemessage",
        "orders.view_supplierinvoice",
        "orders.view_routingrules",
        "orders.release_order",
        "catalog.view_brand",
        "catalog.change_brand",
        "catalog.view_product",
        "catalog.view_variant",
        "catalog.view_listing",
        "catalog.view_pricehold",
        "catalog.change_pricehold",
        "catalog.view_pricechange",
        "shipping.*",
    ],
    "Finance": [
        "orders.*",
        VIEW_COSTS,
        "orders.refund_order",
        "orders.export_customerinvoice",
        *(
            f"orders.change_{table}"
            for table in (
                "payment", "paymentevent", "reconciliationrun", "discrepancy", "supplierinvoice",
                "supplierpayment",
            )
        ),
        "orders.add_supplierinvoice",
        *(
            f"{right}_{table}"
            for table in ("taxrate", "taxnumber", "bookingaccounts")
            for right in ("orders.add", "orders.change")
        ),
        "catalog.view_sellingcosts",
        "catalog.add_sellingcosts",
        "catalog.view_exchangerate",
        "catalog.add_exchangerate",
        "catalog.view_exchangerateupdate",
        "suppliers.view_supplier",
    ],
    "Operator": [
        "catalog.*",
        "dashboard.*",
        "events.*",
        "hooks.*",
        "identity.*",
        "lib.*",
        "notifications.*",
        "orders.*",
        "product_feeds.*",
        "sales_channels.*",
        "shipping.*",
        "suppliers.*",
        VIEW_COSTS,
        "orders.cancel_order",
        "orders.release_order",
        *(
            f"orders.change_{table}"
            for table in ("order", "purchaseorder", "payment", "backorder", "supplierclaim")
        ),
        *(f"dashboard.{verb}_settlingrule" for verb in ("add", "change", "delete")),
        "dashboard.change_settlingrun",
        "catalog.change_pricehold",
        "catalog.change_exchangerateupdate",
        "events.change_webhookdelivery",
        "hooks.change_inboundwebhook",
        "notifications.change_message",
        "sales_channels.add_connection",
        "sales_channels.change_connection",
        "shipping.change_parcel",
        *(f"shipping.{verb}_silencerule" for verb in ("add", "change", "delete")),
        "suppliers.change_syncrun",
        "suppliers.change_syncissue",
        "suppliers.change_supplier",
        "suppliers.change_connection",  # "Retry now", once a supplier answers again
    ],
    "Admin": ["*"],
}  # fmt: skip


def create_groups(**_signal: Any) -> None:
    """Create the groups once, unless staff made some; give each default group what is new for it.

    Groups that staff deleted and permissions that staff removed are not added again.
    """
    if not DefaultGroup.objects.exists():
        is_new_shop = not Group.objects.exists()
        for name in GROUPS:
            group = Group.objects.create(name=name) if is_new_shop else None
            DefaultGroup.objects.create(name=name, group=group)
    present = DefaultGroup.objects.filter(name__in=GROUPS, group__isnull=False)
    for row in present.select_related("group"):
        known = {*row.permissions}
        new = {
            code: permission
            for permission in permissions_of(GROUPS[row.name])
            if (code := code_of(permission)) not in known
        }
        if new:
            row.group.permissions.add(*new.values())  # type: ignore[union-attr]  # filtered
            row.permissions = sorted({*known, *new})
            row.save(update_fields=["permissions"])


def permissions_of(rights: Sequence[str]) -> list[Permission]:
    """Return the named permissions. Raises LookupError: a name matches no permission."""
    permissions: list[Permission] = []
    every = Permission.objects.select_related("content_type")
    for right in rights:
        app, _dot, codename = right.partition(".")
        known = every.filter(content_type__app_label=app)
        if right == "*":
            named = every
        elif codename == "*":
            named = known.filter(codename__startswith="view_").exclude(codename="view_costs")
        else:
            named = known.filter(codename=codename)
        if not named:
            raise LookupError(f"There is no permission {right}.")
        permissions += named
    if {"*", VIEW_COSTS} & {*rights}:
        return permissions
    return [one for one in permissions if not needs_costs(code_of(one))]
