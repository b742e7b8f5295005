#!/usr/bin/env python
"""Django's command line. While a demo runs here, commands use its database and secrets."""

import os
import sys
from contextlib import suppress

from django.core.management import execute_from_command_line

from storefront.lib.env import InvalidSettingError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
    with suppress(ImportError):  # a production image has no development tools
        from storefront.dev.demo.status_file import adopt_settings

        adopt_settings(os.environ)
    try:
        execute_from_command_line(sys.argv)
    except InvalidSettingError as error:
        sys.exit(str(error))
