"""Chaos WSGI application: serve the instance under test."""

from storefront.dev.chaos.instance import process_entry
from storefront.wsgi import application

__all__ = ["application", "process_entry"]
