"""Create superuser: Django's command, written to the security log."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser

from storefront.accounts import security_log
from storefront.accounts.models import User


class Command(createsuperuser.Command):
    """Overrides Django's command, because this app precedes Django's in ``INSTALLED_APPS``."""

    def handle(self, *args: Any, **options: Any) -> str | None:
        superusers = User.objects.filter(is_superuser=True)
        before = list(superusers.values_list("pk", flat=True))
        output: str | None = super().handle(*args, **options)
        for user in superusers.exclude(pk__in=before):
            created = security_log.Event.RIGHTS_CHANGED
            security_log.record(created, actor=None, what=f"user:{user.pk}", change="superuser")
        return output
