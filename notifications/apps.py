"""App configuration: name the app, register its encrypted payloads for key rotation."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from notifications.sealed_links import ENCRYPTED_LINK
from storefront.lib.security import key_rotation


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        key_rotation.register_json_column(
            "notifications.Event", column="payload", keys=(ENCRYPTED_LINK,)
        )
