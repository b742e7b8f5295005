"""Web app: configure the app of the shop's pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "storefront.web"
    label = "web"
