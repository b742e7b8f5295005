"""Root URLs: route health check, admin, API, webhooks, supplier portal and shop pages."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from storefront.dashboard.login.views import password
from storefront.ops.health import healthz, readyz
from storefront.ops.metrics.views import metrics
from storefront.supplier_portal.languages import portal_patterns
from storefront.webhooks import docs_page

admin.autodiscover()  # not at start: workers need no staff pages

urlpatterns = [
    # /en/, /az/: the shop; first, because most requests are for its pages
    *i18n_patterns(path("", include("storefront.web.urls"))),
    # /healthz: can this process sell?
    path("healthz", healthz, name="healthz"),
    # /readyz: do all parts of the shop work?
    path("readyz", readyz, name="readyz"),
    # /metrics: for Prometheus
    path("metrics", metrics, name="metrics"),
    # /admin/scorecards/: supplier scorecards
    path("admin/scorecards/", include("storefront.dashboard.scorecard_urls")),
    # /admin/supply/: inbox, alerts, offer comparison, profit, routing preview
    path("admin/supply/", include("storefront.dashboard.supply_urls")),
    # /admin/login/, /admin/factors/: sign-in of staff
    path("admin/login/", password),
    path("admin/factors/", include("storefront.dashboard.two_factor_urls")),
    # /admin/: for staff
    path("admin/", admin.site.urls),
    # /api/docs/suppliers/: the webhook of suppliers
    path("api/docs/suppliers/", docs_page.show, name="supplier-api-docs"),
    # /api/v1/: REST API
    path("api/", include("storefront.api.urls")),
    # /hooks/<source>/: inbound webhooks
    path("hooks/", include("storefront.webhooks.urls")),
    # /feeds/<key>.xml: products for Google, Meta, Microsoft and marketplaces
    path("feeds/", include("storefront.product_feeds.urls")),
    # URLs without a language: images, robots.txt, the development mailbox
    path("", include("storefront.web.urls_unlocalized")),
    # /en/supplier/, /de/suppliers/: for suppliers without an API
    *portal_patterns(path("", include("storefront.supplier_portal.urls"))),
]

handler400 = "storefront.error_handlers.bad_request"
handler403 = "storefront.error_handlers.forbidden"
handler404 = "storefront.error_handlers.not_found"
handler500 = "storefront.web.core.errors.server_error"
