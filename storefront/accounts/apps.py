"""Accounts app: configure the app, register the encrypted factor secrets for key rotation."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from storefront.lib.security import key_rotation


class AccountsConfig(AppConfig):
    name = "storefront.accounts"
    label = "accounts"
    verbose_name = _("Users")

    def ready(self) -> None:
        key_rotation.register_json_column(
            "mfa.Authenticator", column="data", keys=("secret", "seed")
        )
