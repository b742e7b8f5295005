"""Dashboard app: configure the app of the staff dashboard, create the groups of a new shop."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class DashboardConfig(AppConfig):
    name = "storefront.dashboard"
    label = "dashboard"
    verbose_name = _("Inbox and alerts")

    def ready(self) -> None:
        from storefront.dashboard.login.groups import create_groups  # noqa: PLC0415 - needs models

        # After the last app was migrated, the permissions of all apps exist.
        last = apps.get_app_config("admin")
        post_migrate.connect(create_groups, sender=last, dispatch_uid="dashboard.create_groups")
