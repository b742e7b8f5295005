"""Events app: configure the app of public events and outgoing webhooks."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "storefront.events"
    label = "events"
    verbose_name = _("Events and outgoing webhooks")
