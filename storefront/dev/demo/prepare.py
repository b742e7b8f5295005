"""Preparation: migrate the demo's database and load its configuration.

All of this runs in one process, because each start of Django takes seconds. The launcher never
loads Django.

    python -m storefront.dev.demo.prepare
"""

import os

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
    django.setup()
    call_command("migrate", interactive=False)
    if os.environ.get("APP_DATABASE_URL"):
        call_command("grant_app_role")
    call_command("seed_demo")


if __name__ == "__main__":
    main()
