"""Admin navigation: list the sidebar links that a staff member may see, daily work first."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of links that a user may see, in the order of the work."""
    return [
        {
            "title": title,
            "collapsible": place > LAST_OPEN_GROUP,
            "items": [
                {"title": name, "icon": icon, "link": _link(page)}
                for name, icon, page in pages
                if page == "index" or _may_see(request, page)
            ],
        }
        for place, (title, pages) in enumerate(_groups())
    ]


LAST_OPEN_GROUP = 2


# Pages that are no tables -> the table whose view permission they need.
OWN_PAGES = {
    "scorecards:compare": "suppliers_scorecard_changelist",
    "supply:alerts": "suppliers_supplieroffer_changelist",
    "supply:profits": "orders_supplierbill_changelist",
    "supply:routing": "orders_routingrules_changelist",
}


def _link(page: str) -> str:
    return reverse(page if page in OWN_PAGES else f"admin:{page}")


def _may_see(request: HttpRequest, page: str) -> bool:
    app, model, _rest = OWN_PAGES.get(page, page).split("_")
    return any(request.user.has_perm(f"{app}.{verb}_{model}") for verb in ("view", "change"))


def _groups() -> list[tuple[str, list[tuple[str, str, str]]]]:
    return [
        (
            _("Sell"),
            [
                (_("Today"), "wb_sunny", "index"),
                (_("Orders"), "receipt_long", "orders_order_changelist"),
                (_("Purchase orders"), "outbox", "orders_purchaseorder_changelist"),
                (_("Returns"), "assignment_return", "orders_returnauthorization_changelist"),
                (_("Returns to suppliers"), "move_up", "orders_supplierrma_changelist"),
                (_("Claims"), "report", "orders_supplierclaim_changelist"),
                (_("Payments"), "payments", "orders_payment_changelist"),
                (_("What orders earn"), "savings", "supply:profits"),
                (_("Differences of money"), "balance", "orders_moneydifference_changelist"),
                (_("Parcels"), "package_2", "shipping_parcel_changelist"),
                (_("Messages to shoppers"), "mail", "notifications_delivery_changelist"),
            ],
        ),
        (
            _("Supply"),
            [
                (_("Suppliers"), "factory", "suppliers_supplier_changelist"),
                (_("Evidence"), "verified", "suppliers_evidence_changelist"),
                (_("Alerts"), "notification_important", "supply:alerts"),
                (_("Scorecards"), "monitoring", "scorecards:compare"),
                (_("Sync runs"), "sync", "suppliers_feedrun_changelist"),
                (_("Issues in feeds"), "report", "suppliers_feedissue_changelist"),
                (_("Offers"), "sell", "suppliers_supplieroffer_changelist"),
                (_("Stock"), "warehouse", "suppliers_stocklevel_changelist"),
                (_("In-tray"), "move_to_inbox", "hooks_inboundcall_changelist"),
            ],
        ),
        (
            _("Catalog"),
            [
                (_("Products"), "flashlight_on", "catalog_product_changelist"),
                (_("Variants"), "style", "catalog_variant_changelist"),
                (_("Listings"), "storefront", "catalog_listing_changelist"),
                (_("Stopped prices"), "front_hand", "catalog_pricehold_changelist"),
                (_("Files of competitors"), "upload_file", "catalog_competitorfile_changelist"),
                (_("Competitors' prices"), "compare_arrows", "catalog_competitorprice_changelist"),
                (_("News of rates"), "currency_exchange", "catalog_ratenews_changelist"),
                (_("Pictures"), "image", "catalog_image_changelist"),
            ],
        ),
        (
            _("Rules"),
            [
                (_("Price books"), "menu_book", "catalog_pricebook_changelist"),
                (_("Price rules"), "percent", "catalog_pricerule_changelist"),
                (_("Promotions"), "redeem", "orders_promotion_changelist"),
                (_("Codes of promotions"), "confirmation_number", "orders_coupon_changelist"),
                (_("Tax rates"), "account_balance", "orders_taxrate_changelist"),
                (_("Tax numbers"), "badge", "orders_taxnumber_changelist"),
                (_("Costs of selling"), "payments", "catalog_landingterms_changelist"),
                (_("Exchange rates"), "currency_exchange", "catalog_exchangerate_changelist"),
                (_("Policies of returns"), "policy", "orders_returnpolicy_changelist"),
                (_("Rules of routing"), "alt_route", "orders_routingrules_changelist"),
                (_("Try a cart"), "shopping_cart_checkout", "supply:routing"),
                (_("Routes of parcels"), "route", "suppliers_service_changelist"),
                (
                    _("Freight as the supplier says"),
                    "local_shipping",
                    "shipping_askedfreight_changelist",
                ),
                (_("Connections"), "cable", "suppliers_connection_changelist"),
                (
                    _("Sources of competitors' prices"),
                    "travel_explore",
                    "catalog_competitorsource_changelist",
                ),
                (_("Shop identity"), "badge", "identity_shopidentity_changelist"),
                (_("Legal texts"), "gavel", "identity_legaltext_changelist"),
                (_("Keys of programs"), "key", "api_pricekey_changelist"),
                (_("Channels"), "hub", "catalog_channel_changelist"),
                (_("Categories"), "category", "catalog_category_changelist"),
            ],
        ),
        (
            _("Behind it"),
            [
                (_("Carts"), "shopping_cart", "orders_cart_changelist"),
                (_("Book of payments"), "menu_book", "orders_paymentevent_changelist"),
                (_("Days of money"), "event_available", "orders_moneyday_changelist"),
                (_("Bills of suppliers"), "request_quote", "orders_supplierbill_changelist"),
                (_("Talk with suppliers"), "forum", "orders_purchasemessage_changelist"),
                (_("Facts"), "history", "notifications_event_changelist"),
                (_("Moves"), "timeline", "lib_statuschange_changelist"),
                (_("Stock movements"), "swap_vert", "suppliers_stockmovement_changelist"),
                (_("People"), "person", "accounts_user_changelist"),
                (_("Groups"), "group", "auth_group_changelist"),
            ],
        ),
    ]
