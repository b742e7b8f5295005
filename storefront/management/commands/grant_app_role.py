"""Grant app role: create the database role of APP_DATABASE_URL, grant it rows and no structure."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from storefront.accounts import security_log
from storefront.lib.env import env_postgres
from storefront.ops import database_roles


class Command(BaseCommand):
    """Run it after ``migrate``, as the owner. Idempotent."""

    help = __doc__ or ""
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        owner = settings.DATABASES["default"]
        app = env_postgres("APP_DATABASE_URL", "")
        if app["USER"] == owner["USER"] or not app["PASSWORD"]:
            raise CommandError(
                "APP_DATABASE_URL needs a password, and a user that is not the database's owner."
            )
        database_roles.grant(role=app["USER"], password=app["PASSWORD"])
        granted = security_log.Event.RIGHTS_CHANGED
        security_log.record(
            granted, actor=None, what=f"database role:{app['USER']}", change="grant"
        )
        self.stdout.write(f"{app['USER']} may read and write rows, and change no table.")
