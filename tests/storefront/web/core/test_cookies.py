"""Every cookie that the shop sets in production is sent over HTTPS only."""

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from storefront.accounts.models import User
from storefront.identity import current
from storefront.ops import production_env
from storefront.ops.environment import fresh_secrets
from tests.factories.accounts import PASSWORD, make_shopper, sign_in

ROOT = Path(__file__).resolve().parents[4]
HOST_ONLY = ("__Host-sessionid", "__Host-csrftoken", "__Host-fara_cart")
READ_SETTINGS = """
import json
from django.conf import settings
kinds = ("SESSION_COOKIE", "CSRF_COOKIE", "LANGUAGE_COOKIE", "CART_COOKIE", "IS_PRODUCTION")
names = [name for name in dir(settings) if name.startswith(kinds)]
print(json.dumps({name: getattr(settings, name) for name in names}))
"""

pytestmark = pytest.mark.django_db


@cache
def production_cookies():
    """Read the cookie settings of production in a process of its own."""
    environ = {**os.environ, **fresh_secrets(), **production_env.addresses()}
    environ["DJANGO_SETTINGS_MODULE"] = "storefront.settings"
    read = subprocess.run(
        [sys.executable, "-c", READ_SETTINGS],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(read.stdout)


@pytest.fixture
def in_production(settings, monkeypatch):
    """Apply the cookie settings of production, and give the shop an identity of its own."""
    ours = replace(current.DEMONSTRATION, email="help@fara.shop")
    monkeypatch.setattr(current, "_cached", (math.inf, ours))
    for name, value in production_cookies().items():
        setattr(settings, name, value)


def shop(client, listing):
    """Do everything that sets a cookie: cart, theme, country, both sign-ins, an admin notice."""
    User.objects.create_superuser("boss@fara.example", PASSWORD)
    make_shopper()
    idle = User.objects.create_user("idle@example.org", PASSWORD)
    yield client.post("/en/cart/add/", {"listing": listing.pk, "quantity": 1})
    yield client.post("/en/theme/", {"theme": "dark"})
    yield client.post("/en/country/", {"country": "DE"})
    yield client.get("/az/")
    yield sign_in(client)
    yield client.post("/en/account/sign-out/")
    yield client.get("/admin/login/")
    yield client.post("/admin/login/", {"username": "boss@fara.example", "password": PASSWORD})
    rows = {"action": "delete_selected", "_selected_action": [idle.pk], "post": "yes"}
    yield client.post("/admin/accounts/user/", rows)


def test_every_cookie_is_secure_in_production(customer, light, in_production):
    customer.defaults |= {"wsgi.url_scheme": "https"}
    customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 1})
    assert light.variant.sku in customer.get("/en/cart/").content.decode(), "the cookie works"
    customer.cookies.clear()

    cookies = [c for answer in shop(customer, light) for c in answer.cookies.values() if c.value]

    names = {cookie.key for cookie in cookies}
    assert {*HOST_ONLY, "fara_cart_count", "fara_theme", "fara_country", "messages"} <= names
    assert [cookie.key for cookie in cookies if not cookie["secure"]] == []
    for cookie in cookies:
        if cookie.key in HOST_ONLY:
            assert (cookie["path"], cookie["domain"]) == ("/", "")
