"""API app: configure the app of the public REST API."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    name = "storefront.api"
    label = "api"
    verbose_name = _("API")
