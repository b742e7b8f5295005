"""Encryption key rotation: re-encrypt all secrets with the first key of FIELD_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from storefront.lib.security import key_rotation


class Command(BaseCommand):
    """Put the new key first in FIELD_KEYS everywhere, restart, run this, then drop the old key."""

    help = __doc__ or ""

    def handle(self, *_args: Any, **_options: Any) -> None:
        counts = key_rotation.rotate()
        for count in counts:
            self.stdout.write(
                f"{count.column}: {count.reencrypted} encrypted again, {count.already_current} current,"
                f" {count.changed_meanwhile} changed meanwhile, {count.broken} cannot be decrypted"
            )
        if broken := sum(count.broken for count in counts):
            raise CommandError(
                f"{broken} values cannot be decrypted with any key of FIELD_KEYS. Add the key that"
                " encrypted them, and run this command again before you remove a key."
            )
