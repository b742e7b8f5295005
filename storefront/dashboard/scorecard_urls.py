"""Scorecard URLs: route the comparison and the supplier pages under /admin/scorecards/."""

from django.contrib import admin
from django.urls import path

from storefront.dashboard.suppliers import scorecards, side_by_side

app_name = "scorecards"

urlpatterns = [
    # /admin/scorecards/?by=fill_rate
    path("", admin.site.admin_view(scorecards.compare), name="compare"),
    # /admin/scorecards/compare/selected/?supplier=acme&supplier=lumen&by=fill_rate
    path("compare/selected/", admin.site.admin_view(side_by_side.show), name="side_by_side"),
    # /admin/scorecards/<code>/
    path("<slug:code>/", admin.site.admin_view(scorecards.supplier), name="supplier"),
]
