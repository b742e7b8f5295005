"""For the web server of the broken instance."""

from __future__ import annotations

from storefront.chaos import acting
from storefront.wsgi import application

__all__ = ["acting", "application"]
