"""Supply URLs: route alerts, inbox actions and reports under /admin/supply/."""

from django.contrib import admin
from django.urls import path, re_path

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

urlpatterns = [
    # /admin/supply/alerts/
    path("alerts/", admin.site.admin_view(views.show_alerts), name="alerts"),
    # /admin/supply/attributes/
    path("attributes/", admin.site.admin_view(attributes.show), name="attributes"),
    # /admin/supply/routing/?lines=HL-1+2&country=DE
    path("routing/", admin.site.admin_view(routing_preview.show), name="routing"),
    # /admin/supply/figures/?period=30&channel=shop&supplier=acme
    path("figures/", admin.site.admin_view(figures_page.show), name="figures"),
    # /admin/supply/figures/orders/?figure=canceled&period=30&channel=shop&supplier=acme
    path("figures/orders/", admin.site.admin_view(figure_orders.show), name="figure_orders"),
    # /admin/supply/bookkeeping/?month=2026-11&file=1
    path("bookkeeping/", admin.site.admin_view(bookkeeping.show), name="bookkeeping"),
    # /admin/supply/funnel/?period=30&channel=shop
    path("funnel/", admin.site.admin_view(funnel_page.show), name="funnel"),
    # /admin/supply/profits/?since=2026-11-01&until=2026-11-30&by=supplier
    path("profits/", admin.site.admin_view(profit_report.list_profits), name="profits"),
    # /admin/supply/profits/<order>/
    path("profits/<int:order_id>/", admin.site.admin_view(profit_report.show), name="profit"),
    # /admin/supply/orders/<order>/earnings/, a part of the order page
    path(
        "orders/<int:order_id>/earnings/",
        admin.site.admin_view(parts.show_earnings),
        name="order_earnings",
    ),
    # /admin/supply/draft-orders/
    path("draft-orders/", admin.site.admin_view(draft_orders.start), name="draft_orders"),
    # /admin/supply/draft-orders/<draft>/?q=headlamp
    path(
        "draft-orders/<int:draft_id>/", admin.site.admin_view(draft_orders.show), name="draft_order"
    ),
    # /admin/supply/messages/<message>/text/, a part of the order page
    path(
        "messages/<int:message_id>/text/",
        admin.site.admin_view(parts.show_message_text),
        name="message_text",
    ),
    # /admin/supply/customers/?q=erika
    path("customers/", admin.site.admin_view(directory.show), name="customers"),
    # /admin/supply/customers/end-view/, posted
    path("customers/end-view/", admin.site.admin_view(view_as.end), name="end_view"),
    # /admin/supply/customers/account-17/?page=2
    path("customers/<slug:customer>/", admin.site.admin_view(customer_page.show), name="customer"),
    # /admin/supply/customers/order-17/notes/, posted
    path(
        "customers/<slug:customer>/notes/",
        admin.site.admin_view(customer_page.add_note),
        name="customer_note",
    ),
    # /admin/supply/customers/account-17/export/, posted
    path(
        "customers/<slug:customer>/export/",
        admin.site.admin_view(privacy.export),
        name="customer_export",
    ),
    # /admin/supply/customers/account-17/erase/
    path(
        "customers/<slug:customer>/erase/",
        admin.site.admin_view(privacy.erase),
        name="customer_erase",
    ),
    # /admin/supply/customers/account-17/view/, posted
    path(
        "customers/<slug:customer>/view/",
        admin.site.admin_view(view_as.begin),
        name="customer_view",
    ),
    # /admin/supply/matches/?skip=2
    path("matches/", admin.site.admin_view(match_review.show), name="matches"),
    # /admin/supply/matches/decide/, posted
    path("matches/decide/", admin.site.admin_view(match_review.decide), name="decide_match"),
    # /admin/supply/duplicates/?page=2
    path("duplicates/", admin.site.admin_view(duplicates.show), name="duplicates"),
    # /admin/supply/duplicates/decide/, posted
    path("duplicates/decide/", admin.site.admin_view(duplicates.decide), name="decide_duplicate"),
    # /admin/supply/merge/product/17/18/
    re_path(
        r"^merge/(?P<kind>product|variant)/(?P<first>[0-9]{1,18})/(?P<second>[0-9]{1,18})/$",
        admin.site.admin_view(merge_page.merge),
        name="merge",
    ),
    # /admin/supply/split/variant/17/
    path(
        "split/variant/<int:variant_id>/",
        admin.site.admin_view(split_page.split_offers),
        name="split_offers",
    ),
    # /admin/supply/split/product/17/
    path(
        "split/product/<int:product_id>/",
        admin.site.admin_view(split_page.split_variants),
        name="split_product",
    ),
    # /admin/supply/brands/17/merge/
    path(
        "brands/<int:brand_id>/merge/",
        admin.site.admin_view(brand_merge.merge),
        name="merge_brand",
    ),
    # /admin/supply/brands/merges/17/undo/, posted
    path(
        "brands/merges/<int:merge_id>/undo/",
        admin.site.admin_view(brand_merge.undo),
        name="undo_brand_merge",
    ),
    # /admin/supply/catalog.csv?status__exact=live
    re_path(
        r"^catalog\.(?P<kind>csv|xlsx)$",
        admin.site.admin_view(catalog_file.download),
        name="catalog_file",
    ),
    # /admin/supply/bulk-edits/products/new/?status__exact=draft
    re_path(
        r"^bulk-edits/(?P<kind>products|variants)/new/$",
        admin.site.admin_view(bulk_edits.create),
        name="new_bulk_edit",
    ),
    # /admin/supply/bulk-edits/<edit>/?outcome=rejected&page=2
    path("bulk-edits/<int:edit_id>/", admin.site.admin_view(bulk_edits.show), name="bulk_edit"),
    # /admin/supply/texts/<product>/az/?missing=title
    path(
        "texts/<int:product_id>/<slug:language>/",
        admin.site.admin_view(product_texts.show),
        name="texts",
    ),
    # /admin/supply/option-texts/az/?missing=1&page=2
    path("option-texts/", admin.site.admin_view(option_texts.show), name="option_texts"),
    path(
        "option-texts/<slug:language>/",
        admin.site.admin_view(option_texts.show),
        name="option_texts",
    ),
    # /admin/supply/titles/<family>/
    path("titles/<slug:code>/", admin.site.admin_view(title_templates.show), name="titles"),
    # /admin/supply/bulk-edits/<edit>/rejected.csv
    path(
        "bulk-edits/<int:edit_id>/rejected.csv",
        admin.site.admin_view(bulk_edits.download_rejected),
        name="bulk_edit_rejected",
    ),
    # /admin/supply/imports/new/
    path("imports/new/", admin.site.admin_view(imports.create), name="new_import"),
    # /admin/supply/imports/<import>/?columns=1
    path("imports/<int:import_id>/", admin.site.admin_view(imports.show), name="import"),
    # /admin/supply/imports/<import>/rejected.csv
    path(
        "imports/<int:import_id>/rejected.csv",
        admin.site.admin_view(imports.download_rejected),
        name="import_rejected",
    ),
    # /admin/supply/imports/<import>/findings.csv
    path(
        "imports/<int:import_id>/findings.csv",
        admin.site.admin_view(imports.download_findings),
        name="import_findings",
    ),
    # /admin/supply/setup/<supplier>/findings.csv
    path(
        "setup/<int:supplier_id>/findings.csv",
        admin.site.admin_view(imports.download_setup_findings),
        name="setup_findings",
    ),
    # /admin/supply/inbox/statistics/?weeks=12&cause=submission_late
    path(
        "inbox/statistics/", admin.site.admin_view(inbox_statistics.show), name="inbox_statistics"
    ),
    # /admin/supply/waiting/<cause>/?page=2&owner=me&late=1
    path("waiting/<slug:code>/", admin.site.admin_view(views.show_rule_items), name="waiting"),
    # /admin/supply/waiting/<cause>/resend/?row=17&row=18
    path(
        "waiting/<slug:code>/<slug:action>/",
        admin.site.admin_view(bulk_actions.show),
        name="bulk_action",
    ),
    # /admin/supply/follow-up/, posted
    path("follow-up/", admin.site.admin_view(follow_up.handle_post), name="follow_up"),
    # /admin/supply/actions/, posted
    path("actions/", admin.site.admin_view(quick_actions.run), name="run_action"),
    # /admin/supply/assign/, posted
    path("assign/", admin.site.admin_view(assignments.handle_post), name="assign"),
    # /admin/supply/go-live/
    path("go-live/", admin.site.admin_view(go_live.show), name="go_live"),
    # /admin/supply/go-live/switch-on/, posted
    path("go-live/switch-on/", admin.site.admin_view(go_live.switch_on), name="switch_on"),
    # /admin/supply/not-for-sale/<product>/
    path(
        "not-for-sale/<int:product_id>/",
        admin.site.admin_view(sale_obstacles.show),
        name="sale_obstacles",
    ),
    # /admin/supply/offers/<variant>/?country=DE&quantity=2
    path("offers/<int:variant_id>/", admin.site.admin_view(offer_comparison.show), name="offers"),
]
