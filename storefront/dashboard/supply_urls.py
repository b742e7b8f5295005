"""The pages for staff of what can be had, where, and why it is chosen."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from storefront.dashboard import alerts, clicking, leafing, offers, profits, routing, taking

app_name = "supply"

urlpatterns = [
    # /admin/supply/alerts/
    path("alerts/", admin.site.admin_view(alerts.show), name="alerts"),
    # /admin/supply/routing/?lines=HL-1+2&country=DE
    path("routing/", admin.site.admin_view(routing.show), name="routing"),
    # /admin/supply/profits/?since=2026-11-01&until=2026-11-30&by=supplier
    path("profits/", admin.site.admin_view(profits.listing), name="profits"),
    # /admin/supply/profits/<order>/
    path("profits/<int:order_id>/", admin.site.admin_view(profits.show), name="profit"),
    # /admin/supply/waiting/<cause>/?page=2
    path("waiting/<slug:code>/", admin.site.admin_view(leafing.show), name="waiting"),
    # /admin/supply/press/, posted
    path("press/", admin.site.admin_view(clicking.press), name="press"),
    # /admin/supply/take/, posted
    path("take/", admin.site.admin_view(taking.act), name="take"),
    # /admin/supply/offers/<variant>/?country=DE&quantity=2
    path("offers/<int:variant_id>/", admin.site.admin_view(offers.show), name="offers"),
]
