"""Dashboard app: configure the app of the staff dashboard."""

from __future__ import annotations

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "storefront.dashboard"
    label = "dashboard"
