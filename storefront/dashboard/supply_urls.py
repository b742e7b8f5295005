"""The pages for staff of what can be had, where, and why it is chosen."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from storefront.dashboard import alerts, offers, routing, taking

app_name = "supply"

urlpatterns = [
    # /admin/supply/alerts/
    path("alerts/", admin.site.admin_view(alerts.show), name="alerts"),
    # /admin/supply/routing/?lines=HL-1+2&country=DE
    path("routing/", admin.site.admin_view(routing.show), name="routing"),
    # /admin/supply/take/, posted
    path("take/", admin.site.admin_view(taking.act), name="take"),
    # /admin/supply/offers/<variant>/?country=DE&quantity=2
    path("offers/<int:variant_id>/", admin.site.admin_view(offers.show), name="offers"),
]
