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


# Pages that are no tables -> the permissions that they require.
REQUIRED = {
    "scorecards:compare": ["suppliers.view_scorecard"],
    "supply:attributes": ["catalog.view_customattribute"],
    "supply:bookkeeping": [
        *("orders.export_customerinvoice", "orders.view_payment"),
        *("orders.view_supplierinvoice", "orders.view_costs"),
    ],
    "supply:customers": ["accounts.view_customer", "orders.view_order"],
    "supply:draft_orders": ["orders.place_order"],
    "supply:figures": ["orders.view_order"],
    "supply:funnel": ["orders.view_order"],
    "supply:go_live": ["identity.view_shopidentity"],
    "supply:inbox_statistics": ["dashboard.view_inboxcase"],
    "supply:option_texts": ["catalog.view_product"],
    "supply:new_import": ["suppliers.view_catalogimport"],
    "supply:profits": ["orders.view_order", "orders.view_supplierinvoice"],
    "supply:routing": ["orders.view_routingrules"],
}
# Pages that one of several permissions opens.
OPENED_BY_ONE = {
    "supply:alerts": ("suppliers.view_supplieroffer", "suppliers.change_supplieroffer"),
    **dict.fromkeys(
        ("supply:duplicates", "supply:matches"),
        ("suppliers.view_supplieroffer", "catalog.change_product"),
    ),
}


def _link(page: str) -> str:
    if ":" in page:
        return reverse(page)
    return reverse("admin:index" if page == "index" else f"admin:{page}_changelist")


def _may_see(request: HttpRequest, page: str) -> bool:
    if page in REQUIRED:
        return request.user.has_perms(REQUIRED[page])
    app, _separator, model = page.rpartition("_")
    of_table = [f"{app}.view_{model}", f"{app}.change_{model}"]
    return any(map(request.user.has_perm, OPENED_BY_ONE.get(page, of_table)))


def _groups() -> list[tuple[str, list[tuple[str, str, str]]]]:
    return [
        (
            _("Sales"),
            [
                (_("Today"), "wb_sunny", "index"),
                (_("Orders"), "receipt_long", "orders_order"),
                (_("Customers"), "groups", "supply:customers"),
                (_("Draft orders"), "add_shopping_cart", "supply:draft_orders"),
                (_("Store orders"), "storefront", "sales_channels_remoteorderrecord"),
                (_("Purchase orders"), "outbox", "orders_purchaseorder"),
                (_("Problem reports"), "support_agent", "shipping_problemreport"),
                (_("Returns"), "assignment_return", "orders_returnauthorization"),
                (_("Returns to suppliers"), "move_up", "orders_supplierreturn"),
                (_("Supplier claims"), "report", "orders_supplierclaim"),
                (_("Payments"), "payments", "orders_payment"),
                (_("Refunds"), "undo", "orders_refundrequest"),
                (_("Customer invoices"), "receipt", "orders_customerinvoice"),
                (_("Supplier invoices"), "request_quote", "orders_supplierinvoice"),
                (_("Bookkeeping export"), "table", "supply:bookkeeping"),
                (_("Figures"), "monitoring", "supply:figures"),
                (_("Inbox statistics"), "query_stats", "supply:inbox_statistics"),
                (_("Funnel"), "filter_alt", "supply:funnel"),
                (_("Profit by order"), "savings", "supply:profits"),
                (_("Payment discrepancies"), "balance", "orders_discrepancy"),
                (_("Parcels"), "package_2", "shipping_parcel"),
                (_("Silent parcels"), "hourglass_bottom", "shipping_silencecase"),
                (_("Customer notifications"), "mail", "notifications_message"),
                (_("Suppressed addresses"), "unsubscribe", "notifications_suppression"),
                (_("Product alerts"), "notification_add", "shipping_productalert"),
            ],
        ),
        (
            _("Supply"),
            [
                (_("Suppliers"), "factory", "suppliers_supplier"),
                (_("Compliance documents"), "verified", "suppliers_compliancedocument"),
                (_("Alerts"), "notification_important", "supply:alerts"),
                (_("Scorecards"), "monitoring", "scorecards:compare"),
                (_("Sync runs"), "sync", "suppliers_syncrun"),
                (_("Import errors"), "report", "suppliers_syncissue"),
                (_("Match review"), "compare", "supply:matches"),
                (_("Duplicates"), "content_copy", "supply:duplicates"),
                (_("Offers"), "sell", "suppliers_supplieroffer"),
                (_("Stock"), "warehouse", "suppliers_stocklevel"),
                (_("Incoming webhooks"), "move_to_inbox", "hooks_inboundwebhook"),
            ],
        ),
        (
            _("Sales channels"),
            [
                (_("Stores"), "add_business", "sales_channels_connection"),
                (_("Products in stores"), "inventory_2", "sales_channels_remoteproduct"),
                (_("Listings in stores"), "checklist_rtl", "sales_channels_remotelisting"),
                (_("Differences"), "rule", "sales_channels_drift"),
                (_("Runs"), "sync", "sales_channels_channelrun"),
            ],
        ),
        (
            _("Catalog"),
            [
                (_("Products"), "flashlight_on", "catalog_product"),
                (_("Change requests"), "difference", "catalog_changerequest"),
                (_("Variants"), "style", "catalog_variant"),
                (_("Brands"), "loyalty", "catalog_brand"),
                (_("Bulk edits"), "edit_note", "catalog_bulkedit"),
                (_("Import a file"), "upload_file", "supply:new_import"),
                (_("Listings"), "storefront", "catalog_listing"),
                (_("Price changes to review"), "front_hand", "catalog_pricehold"),
                (_("Competitor price imports"), "upload_file", "catalog_competitorpricelist"),
                (_("Competitor prices"), "compare_arrows", "catalog_competitorprice"),
                (_("Exchange rate updates"), "currency_exchange", "catalog_exchangerateupdate"),
                (_("Images"), "image", "catalog_image"),
                (_("Option translations"), "translate", "supply:option_texts"),
            ],
        ),
        (
            _("Settings"),
            [
                (_("Go-live checklist"), "rocket_launch", "supply:go_live"),
                (_("Price books"), "menu_book", "catalog_pricebook"),
                (_("Price rules"), "percent", "catalog_pricerule"),
                (_("Promotions"), "redeem", "orders_promotion"),
                (_("Discount codes"), "confirmation_number", "orders_coupon"),
                (_("Tax rates"), "account_balance", "orders_taxrate"),
                (_("Tax numbers"), "badge", "orders_taxnumber"),
                (_("Booking accounts"), "account_balance_wallet", "orders_bookingaccounts"),
                (_("Selling costs"), "payments", "catalog_sellingcosts"),
                (_("Exchange rates"), "currency_exchange", "catalog_exchangerate"),
                (_("Return policies"), "policy", "orders_returnpolicy"),
                (_("Rules for inbox items"), "rule_settings", "dashboard_settlingrule"),
                (_("Refund limits"), "price_check", "orders_refundlimit"),
                (_("Routing rules"), "alt_route", "orders_routingrules"),
                (_("Routing simulator"), "shopping_cart_checkout", "supply:routing"),
                (_("Shipping services"), "route", "suppliers_shippingservice"),
                (_("Limits for silent parcels"), "timer", "shipping_silencerule"),
                (_("Live shipping rates"), "local_shipping", "shipping_liveratelocation"),
                (_("Connections"), "cable", "suppliers_connection"),
                (_("Tracking providers"), "radar", "shipping_trackingprovider"),
                (_("Return label account"), "label", "shipping_returnlabelaccount"),
                (_("Competitor price sources"), "travel_explore", "catalog_competitorsource"),
                (_("Shop identity"), "badge", "identity_shopidentity"),
                (_("Alert recipients"), "notifications_active", "dashboard_alertrecipient"),
                (_("Chat channels"), "chat", "notifications_chatchannel"),
                (_("Legal texts"), "gavel", "identity_legaltext"),
                (_("Guarantee artwork"), "verified_user", "identity_guaranteeartwork"),
                (_("Product documents"), "description", "catalog_productdocument"),
                (_("Guarantees"), "workspace_premium", "catalog_productguarantee"),
                (_("API keys"), "key", "api_apikey"),
                (_("Webhook subscriptions"), "webhook", "events_webhooksubscription"),
                (_("Channels"), "hub", "catalog_channel"),
                (_("Product feeds"), "rss_feed", "product_feeds_productfeed"),
                (_("Categories"), "category", "catalog_category"),
                (_("Product families"), "account_tree", "catalog_productfamily"),
                (_("Attributes"), "list_alt", "supply:attributes"),
                (_("Custom attributes"), "tune", "catalog_customattribute"),
                (_("Completeness requirements"), "checklist", "catalog_requirement"),
            ],
        ),
        (
            _("Logs and system"),
            [
                (_("Carts"), "shopping_cart", "orders_cart"),
                (_("Transactions"), "menu_book", "orders_paymentevent"),
                (_("Daily reconciliation"), "event_available", "orders_reconciliationrun"),
                (_("Supplier payments"), "price_check", "orders_supplierpayment"),
                (_("Supplier messages"), "forum", "orders_purchasemessage"),
                (_("Events"), "history", "notifications_event"),
                (_("Public events"), "campaign", "events_publicevent"),
                (_("Webhook deliveries"), "outgoing_mail", "events_webhookdelivery"),
                (_("Items settled by rules"), "done_all", "dashboard_settlingrun"),
                (_("Activity log"), "timeline", "lib_statuschange"),
                (_("Audit log"), "policy", "lib_auditevent"),
                (_("Stock movements"), "swap_vert", "suppliers_stockmovement"),
                (_("Users"), "person", "accounts_user"),
                (_("Groups"), "group", "auth_group"),
            ],
        ),
    ]
