"""Change password: Django's command, written to the security log."""

from typing import Any

from django.contrib.auth.management.commands import changepassword

from storefront.accounts import security_log
from storefront.accounts.models import User


class Command(changepassword.Command):
    """Overrides Django's command, because this app precedes Django's in ``INSTALLED_APPS``."""

    def handle(self, *args: Any, **options: Any) -> str | None:
        output: str | None = super().handle(*args, **options)  # raises if nothing was changed
        user = User.objects.get_by_natural_key(options["username"])
        changed = security_log.Event.PASSWORD_CHANGED
        security_log.record(changed, actor=None, what=f"user:{user.pk}")
        return output
