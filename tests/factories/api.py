"""API keys and callers of the merchant API."""

from storefront.api.core import api_keys
from storefront.api.models import Scope
from tests.factories.catalog import NOON
from tests.storefront.api.schema_client import Caller

ADMIN = "/api/v1/admin/"


def make_api_key(*scopes, name="erp", now=NOON, **more):
    """Create a key with some scopes, by default all; return its plaintext."""
    scopes = scopes or Scope.values
    return api_keys.create(name=name, scopes=scopes, actor="ann", now=now, **more)[1]


def merchant_caller(*scopes, **more):
    """Return a caller that sends a new key with some scopes, by default all."""
    return Caller({ADMIN: make_api_key(*scopes, **more)})
