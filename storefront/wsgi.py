"""For the web server."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from storefront import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
checks.insist()
application = get_wsgi_application()
