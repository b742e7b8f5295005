"""API keys: created by staff, shown once, stored as a digest, revoked permanently."""

import re

import pytest
from django.urls import reverse

from storefront.api.core import api_keys
from storefront.api.models import ApiKey
from tests.factories.catalog import NOON
from tests.support.admin_forms import row_page

pytestmark = pytest.mark.django_db
ADD = reverse("admin:api_apikey_add")
KEY = re.compile(r"fara_key_[\w-]{43}")


def make_key():
    return api_keys.create(name="watcher", scopes=["products:read"], actor="ann", now=NOON)


def test_key_is_shown_once_and_not_stored(staff):
    answer = staff.post(ADD, {"name": "watcher", "scopes": ["competitor_prices:write"]})

    (plaintext,) = set(KEY.findall(answer.content.decode()))
    key = ApiKey.objects.get()
    assert (key.name, key.created_by) == ("watcher", "staff@fara.example")
    assert (key.scopes, key.expires_at) == (["competitor_prices:write"], None)
    assert key.digest == api_keys.digest_of(plaintext)
    assert "no-store" in answer.headers["cache-control"]
    assert plaintext not in str(answer.cookies)
    for again in (row_page(key), reverse("admin:api_apikey_changelist")):
        shown = staff.get(again).content.decode()
        assert key.prefix in shown
        assert not KEY.search(shown)
        assert key.digest not in shown


def test_the_form_names_scopes_as_the_documentation_does(staff):
    page_of_form = staff.get(ADD).content.decode()
    assert "Read stock (inventory:read)" in page_of_form


def test_valid_keys_have_different_names(staff):
    old, _told = make_key()

    refused = staff.post(ADD, {"name": "watcher", "scopes": ["competitor_prices:write"]})
    api_keys.revoke(key=old, actor="ann", now=NOON)
    made = staff.post(ADD, {"name": "watcher", "scopes": ["competitor_prices:write"]})

    assert "A valid key with this name already exists." in refused.content.decode()
    assert KEY.search(made.content.decode())
    assert ApiKey.objects.count() == 2


def test_revoked_key_records_the_first_actor(staff):
    key, _told = make_key()

    staff.post(row_page(key, "revoke"))
    key.refresh_from_db()
    api_keys.revoke(key=key, actor="bob", now=NOON)

    key.refresh_from_db()
    assert key.revoked_at is not None
    assert key.revoked_by == "staff@fara.example"
    assert row_page(key, "revoke") not in staff.get(row_page(key)).content.decode()
