"""Root URLs: route health check, admin, API, webhooks, supplier portal and shop pages."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from storefront.dashboard.login.views import password
from storefront.health import healthz, readyz

urlpatterns = [
    # /healthz: is this process able to sell?
    path("healthz", healthz, name="healthz"),
    # /readyz: do all parts of the shop work?
    path("readyz", readyz, name="readyz"),
    # /admin/scorecards/: how suppliers keep their word
    path("admin/scorecards/", include("storefront.dashboard.scorecard_urls")),
    # /admin/supply/: offers side by side, and what is the matter with supply and prices
    path("admin/supply/", include("storefront.dashboard.supply_urls")),
    # /admin/login/, /admin/factors/: the two doors of staff
    path("admin/login/", password),
    path("admin/factors/", include("storefront.dashboard.two_factor_urls")),
    # /admin/: for staff
    path("admin/", admin.site.urls),
    # /api/v1/: for programs
    path("api/", include("storefront.api.urls")),
    # /hooks/<source>/: for machines that call us
    path("hooks/", include("storefront.webhooks.urls")),
    # what has no language: pictures, robots, the mailbox of development
    path("", include("storefront.web.urls_unlocalized")),
    # /en/supplier/, /az/supplier/: for suppliers without an API
    *i18n_patterns(path("supplier/", include("storefront.supplier_portal.urls"))),
    # /en/, /az/: the shop
    *i18n_patterns(path("", include("storefront.web.urls"))),
]

handler400 = "storefront.error_handlers.bad_request"
handler403 = "storefront.error_handlers.forbidden"
handler404 = "storefront.web.core.errors.not_found"
handler500 = "storefront.web.core.errors.server_error"
