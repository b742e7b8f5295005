"""Admin navigation: list the sidebar links that a staff member may see, daily work first."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of links that a user may see, in the order of the work."""
    return [
        {
            "title": title,
            "collapsible": index > LAST_OPEN_GROUP,
            "items": [
                {"title": name, "icon": icon, "link": _link(page)}
                for name, icon, page in pages
                if page == "index" or _may_see(request, page)
            ],
        }
        for index, (title, pages) in enumerate(_groups())
    ]


LAST_OPEN_GROUP = 2


# Pages that are no tables -> the table whose view permission they need.
PAGES_WITHOUT_TABLE = {
    "scorecards:compare": "suppliers_scorecard_changelist",
    "supply:alerts": "suppliers_supplieroffer_changelist",
    "supply:profits": "orders_supplierinvoice_changelist",
    "supply:routing": "orders_routingrules_changelist",
}


def _link(page: str) -> str:
    return reverse(page if page in PAGES_WITHOUT_TABLE else f"admin:{page}")


def _may_see(request: HttpRequest, page: str) -> bool:
    app, model, _page = PAGES_WITHOUT_TABLE.get(page, page).split("_")
    return any(request.user.has_perm(f"{app}.{verb}_{model}") for verb in ("view", "change"))


def _groups() -> list[tuple[str, list[tuple[str, str, str]]]]:
    return [
        (
            _("Sales"),
            [
                (_("Today"), "wb_sunny", "index"),
                (_("Orders"), "receipt_long", "orders_order_changelist"),
                (_("Purchase orders"), "outbox", "orders_purchaseorder_changelist"),
                (_("Returns"), "assignment_return", "orders_returnauthorization_changelist"),
                (_("Returns to suppliers"), "move_up", "orders_supplierreturn_changelist"),
                (_("Supplier claims"), "report", "orders_supplierclaim_changelist"),
                (_("Payments"), "payments", "orders_payment_changelist"),
                (_("Profit by order"), "savings", "supply:profits"),
                (_("Payment discrepancies"), "balance", "orders_discrepancy_changelist"),
                (_("Parcels"), "package_2", "shipping_parcel_changelist"),
                (_("Customer notifications"), "mail", "notifications_message_changelist"),
            ],
        ),
        (
            _("Supply"),
            [
                (_("Suppliers"), "factory", "suppliers_supplier_changelist"),
                (_("Compliance documents"), "verified", "suppliers_compliancedocument_changelist"),
                (_("Alerts"), "notification_important", "supply:alerts"),
                (_("Scorecards"), "monitoring", "scorecards:compare"),
                (_("Sync runs"), "sync", "suppliers_syncrun_changelist"),
                (_("Import errors"), "report", "suppliers_syncissue_changelist"),
                (_("Offers"), "sell", "suppliers_supplieroffer_changelist"),
                (_("Stock"), "warehouse", "suppliers_stocklevel_changelist"),
                (_("Incoming webhooks"), "move_to_inbox", "hooks_inboundwebhook_changelist"),
            ],
        ),
        (
            _("Catalog"),
            [
                (_("Products"), "flashlight_on", "catalog_product_changelist"),
                (_("Variants"), "style", "catalog_variant_changelist"),
                (_("Listings"), "storefront", "catalog_listing_changelist"),
                (_("Price changes to review"), "front_hand", "catalog_pricehold_changelist"),
                (
                    _("Competitor price imports"),
                    "upload_file",
                    "catalog_competitorpricelist_changelist",
                ),
                (_("Competitor prices"), "compare_arrows", "catalog_competitorprice_changelist"),
                (
                    _("Exchange rate updates"),
                    "currency_exchange",
                    "catalog_exchangerateupdate_changelist",
                ),
                (_("Images"), "image", "catalog_image_changelist"),
            ],
        ),
        (
            _("Settings"),
            [
                (_("Price lists"), "menu_book", "catalog_pricebook_changelist"),
                (_("Price rules"), "percent", "catalog_pricerule_changelist"),
                (_("Promotions"), "redeem", "orders_promotion_changelist"),
                (_("Discount codes"), "confirmation_number", "orders_coupon_changelist"),
                (_("Tax rates"), "account_balance", "orders_taxrate_changelist"),
                (_("Tax registrations"), "badge", "orders_taxnumber_changelist"),
                (_("Selling costs"), "payments", "catalog_sellingcosts_changelist"),
                (_("Exchange rates"), "currency_exchange", "catalog_exchangerate_changelist"),
                (_("Return policies"), "policy", "orders_returnpolicy_changelist"),
                (_("Routing rules"), "alt_route", "orders_routingrules_changelist"),
                (_("Routing simulator"), "shopping_cart_checkout", "supply:routing"),
                (_("Shipping services"), "route", "suppliers_shippingservice_changelist"),
                (
                    _("Live shipping rates"),
                    "local_shipping",
                    "shipping_liveratelocation_changelist",
                ),
                (_("Connections"), "cable", "suppliers_connection_changelist"),
                (
                    _("Competitor price sources"),
                    "travel_explore",
                    "catalog_competitorsource_changelist",
                ),
                (_("Shop identity"), "badge", "identity_shopidentity_changelist"),
                (_("Legal texts"), "gavel", "identity_legaltext_changelist"),
                (_("API keys"), "key", "api_apikey_changelist"),
                (_("Channels"), "hub", "catalog_channel_changelist"),
                (_("Categories"), "category", "catalog_category_changelist"),
            ],
        ),
        (
            _("Logs and system"),
            [
                (_("Carts"), "shopping_cart", "orders_cart_changelist"),
                (_("Transactions"), "menu_book", "orders_paymentevent_changelist"),
                (
                    _("Daily reconciliation"),
                    "event_available",
                    "orders_reconciliationrun_changelist",
                ),
                (_("Supplier invoices"), "request_quote", "orders_supplierinvoice_changelist"),
                (_("Supplier messages"), "forum", "orders_purchasemessage_changelist"),
                (_("Events"), "history", "notifications_event_changelist"),
                (_("Activity log"), "timeline", "lib_statuschange_changelist"),
                (_("Stock movements"), "swap_vert", "suppliers_stockmovement_changelist"),
                (_("Users"), "person", "accounts_user_changelist"),
                (_("Groups"), "group", "auth_group_changelist"),
            ],
        ),
    ]
