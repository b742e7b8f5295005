"""Two-factor reset: remove all second factors of a user who lost their devices.

Use this for the only superuser. A superuser resets all other accounts on their admin pages.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from storefront.accounts.models import User
from storefront.accounts.two_factor import enrollment


class Command(BaseCommand):
    """For the only superuser; other accounts are reset on their admin page."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--reason", required=True, help="reason, saved in the security log")

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError("No account has this e-mail address.")
        reason = options["reason"][:200]
        enrollment.reset(user=user, actor=None, reason=reason, now=timezone.now())
        self.stdout.write("Two-factor authentication reset. All sessions are ended.")
