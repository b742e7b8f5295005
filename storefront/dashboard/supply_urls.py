"""Supply URLs: route alerts, inbox actions and reports under /admin/supply/."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, path, re_path

from storefront.dashboard.catalog import attributes, bulk_edits, imports
from storefront.dashboard.customers import directory, privacy, view_as
from storefront.dashboard.customers import page as customer_page
from storefront.dashboard.draft_orders import views as draft_orders
from storefront.dashboard.go_live import views as go_live
from storefront.dashboard.home import figure_orders, figures_page, funnel_page
from storefront.dashboard.inbox import (
    assignments,
    bulk_actions,
    follow_up,
    quick_actions,
    views,
)
from storefront.dashboard.inbox.history import page as inbox_statistics
from storefront.dashboard.orders import parts
from storefront.dashboard.reports import (
    bookkeeping,
    catalog_file,
    offer_comparison,
    profit_report,
    routing_preview,
    sale_obstacles,
)
from storefront.dashboard.suppliers import (
    brand_merge,
    duplicates,
    match_review,
    merge_page,
    split_page,
)
from storefront.dashboard.translations import option_texts, product_texts, title_templates

app_name = "supply"


def _page(
    route: str, view: Callable[..., Any], name: str, *, make: Callable[..., URLPattern] = path
) -> URLPattern:
    """Return the URL of a page that only staff open."""
    return make(route, admin.site.admin_view(view), name=name)


_regex_page = partial(_page, make=re_path)

urlpatterns = [
    _page("alerts/", views.show_alerts, "alerts"),
    _page("attributes/", attributes.show, "attributes"),
    # /admin/supply/routing/?lines=HL-1+2&country=DE
    _page("routing/", routing_preview.show, "routing"),
    # /admin/supply/figures/?period=30&channel=shop&supplier=acme
    _page("figures/", figures_page.show, "figures"),
    # /admin/supply/figures/orders/?figure=canceled&period=30&channel=shop&supplier=acme
    _page("figures/orders/", figure_orders.show, "figure_orders"),
    # /admin/supply/bookkeeping/?month=2026-11&file=1
    _page("bookkeeping/", bookkeeping.show, "bookkeeping"),
    # /admin/supply/funnel/?period=30&channel=shop
    _page("funnel/", funnel_page.show, "funnel"),
    # /admin/supply/profits/?since=2026-11-01&until=2026-11-30&by=supplier
    _page("profits/", profit_report.list_profits, "profits"),
    _page("profits/<int:order_id>/", profit_report.show, "profit"),
    # /admin/supply/orders/<order>/earnings/, a part of the order page
    _page("orders/<int:order_id>/earnings/", parts.show_earnings, "order_earnings"),
    _page("draft-orders/", draft_orders.start, "draft_orders"),
    # /admin/supply/draft-orders/<draft>/?q=headlamp
    _page("draft-orders/<int:draft_id>/", draft_orders.show, "draft_order"),
    # /admin/supply/messages/<message>/text/, a part of the order page
    _page("messages/<int:message_id>/text/", parts.show_message_text, "message_text"),
    # /admin/supply/customers/?q=erika
    _page("customers/", directory.show, "customers"),
    # /admin/supply/customers/end-view/, posted
    _page("customers/end-view/", view_as.end, "end_view"),
    # /admin/supply/customers/account-17/?page=2
    _page("customers/<slug:customer>/", customer_page.show, "customer"),
    # /admin/supply/customers/order-17/notes/, posted
    _page("customers/<slug:customer>/notes/", customer_page.add_note, "customer_note"),
    # /admin/supply/customers/account-17/export/, posted
    _page("customers/<slug:customer>/export/", privacy.export, "customer_export"),
    # /admin/supply/customers/account-17/erase/
    _page("customers/<slug:customer>/erase/", privacy.erase, "customer_erase"),
    # /admin/supply/customers/account-17/view/, posted
    _page("customers/<slug:customer>/view/", view_as.begin, "customer_view"),
    # /admin/supply/matches/?skip=2
    _page("matches/", match_review.show, "matches"),
    # /admin/supply/matches/decide/, posted
    _page("matches/decide/", match_review.decide, "decide_match"),
    # /admin/supply/duplicates/?page=2
    _page("duplicates/", duplicates.show, "duplicates"),
    # /admin/supply/duplicates/decide/, posted
    _page("duplicates/decide/", duplicates.decide, "decide_duplicate"),
    # /admin/supply/merge/product/17/18/
    _regex_page(
        r"^merge/(?P<kind>product|variant)/(?P<first>[0-9]{1,18})/(?P<second>[0-9]{1,18})/$",
        merge_page.merge,
        "merge",
    ),
    # /admin/supply/split/variant/17/
    _page("split/variant/<int:variant_id>/", split_page.split_offers, "split_offers"),
    # /admin/supply/split/product/17/
    _page("split/product/<int:product_id>/", split_page.split_variants, "split_product"),
    # /admin/supply/brands/17/merge/
    _page("brands/<int:brand_id>/merge/", brand_merge.merge, "merge_brand"),
    # /admin/supply/brands/merges/17/undo/, posted
    _page("brands/merges/<int:merge_id>/undo/", brand_merge.undo, "undo_brand_merge"),
    # /admin/supply/catalog.csv?status__exact=live
    _regex_page(r"^catalog\.(?P<kind>csv|xlsx)$", catalog_file.download, "catalog_file"),
    # /admin/supply/bulk-edits/products/new/?status__exact=draft
    _regex_page(
        r"^bulk-edits/(?P<kind>products|variants)/new/$", bulk_edits.create, "new_bulk_edit"
    ),
    # /admin/supply/bulk-edits/<edit>/?outcome=rejected&page=2
    _page("bulk-edits/<int:edit_id>/", bulk_edits.show, "bulk_edit"),
    # /admin/supply/texts/<product>/az/?missing=title
    _page("texts/<int:product_id>/<slug:language>/", product_texts.show, "texts"),
    # /admin/supply/option-texts/az/?missing=1&page=2
    _page("option-texts/", option_texts.show, "option_texts"),
    _page("option-texts/<slug:language>/", option_texts.show, "option_texts"),
    _page("titles/<slug:code>/", title_templates.show, "titles"),
    _page(
        "bulk-edits/<int:edit_id>/rejected.csv", bulk_edits.download_rejected, "bulk_edit_rejected"
    ),
    _page("imports/new/", imports.create, "new_import"),
    # /admin/supply/imports/<import>/?columns=1
    _page("imports/<int:import_id>/", imports.show, "import"),
    _page("imports/<int:import_id>/rejected.csv", imports.download_rejected, "import_rejected"),
    _page("imports/<int:import_id>/findings.csv", imports.download_findings, "import_findings"),
    _page(
        "setup/<int:supplier_id>/findings.csv", imports.download_setup_findings, "setup_findings"
    ),
    # /admin/supply/inbox/statistics/?weeks=12&cause=submission_late
    _page("inbox/statistics/", inbox_statistics.show, "inbox_statistics"),
    # /admin/supply/waiting/<cause>/?page=2&owner=me&late=1
    _page("waiting/<slug:code>/", views.show_rule_items, "waiting"),
    # /admin/supply/waiting/<cause>/resend/?row=17&row=18
    _page("waiting/<slug:code>/<slug:action>/", bulk_actions.show, "bulk_action"),
    # /admin/supply/follow-up/, posted
    _page("follow-up/", follow_up.handle_post, "follow_up"),
    # /admin/supply/actions/, posted
    _page("actions/", quick_actions.run, "run_action"),
    # /admin/supply/assign/, posted
    _page("assign/", assignments.handle_post, "assign"),
    _page("go-live/", go_live.show, "go_live"),
    # /admin/supply/go-live/switch-on/, posted
    _page("go-live/switch-on/", go_live.switch_on, "switch_on"),
    _page("not-for-sale/<int:product_id>/", sale_obstacles.show, "sale_obstacles"),
    # /admin/supply/offers/<variant>/?country=DE&quantity=2
    _page("offers/<int:variant_id>/", offer_comparison.show, "offers"),
]
