"""Access tokens: limited in time and scope, and ended with their key."""

import base64
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine

from storefront.api.models import ApiKey, Scope
from tests.factories.api import ADMIN, make_api_key
from tests.factories.suppliers import NOON
from tests.storefront.api.schema_client import kind_of

pytestmark = pytest.mark.django_db
PATH = "/api/v1/oauth/token/"
SUPPLIERS = f"{ADMIN}suppliers/"


@pytest.fixture
def key():
    return make_api_key(Scope.SUPPLIERS_READ, Scope.PRODUCTS_READ)


@pytest.fixture
def ask(api):
    def send(headers=None, **fields):
        body = urlencode({"grant_type": "client_credentials"} | fields).encode()
        content_type = "application/x-www-form-urlencoded"
        return api.send("POST", PATH, body, content_type=content_type, headers=headers)

    return send


def client_id():
    return ApiKey.objects.get().prefix


def test_token_works_like_its_key_for_an_hour(api, ask, key):
    answer = ask(client_id=client_id(), client_secret=key)

    told = answer.json()
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 3600)
    assert told["scope"] == "products:read suppliers:read"
    bearer = f"Bearer {told['access_token']}"
    assert api.get(SUPPLIERS, authorization=bearer).status_code == 200
    assert "no-store" in answer.headers["cache-control"]
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        assert api.get(SUPPLIERS, authorization=bearer).status_code == 401


def test_token_ends_with_its_key(api, ask, key):
    token = ask(client_id=client_id(), client_secret=key).json()["access_token"]
    ApiKey.objects.update(revoked_at=NOON)

    assert api.get(SUPPLIERS, authorization=f"Bearer {token}").status_code == 401


def test_token_can_have_fewer_scopes_but_not_more(api, ask, key):
    basic = base64.b64encode(f"{client_id()}:{key}".encode()).decode()
    headers = {"authorization": f"Basic {basic}"}

    narrow = ask(headers, scope="products:read").json()
    wider = ask(headers, scope="products:read orders:read")

    answer = api.get(SUPPLIERS, authorization=f"Bearer {narrow['access_token']}")
    assert (narrow["scope"], answer.status_code) == ("products:read", 403)
    assert (wider.status_code, wider.json()["error"]) == (400, "invalid_scope")


def test_wrong_credentials_or_grant_are_refused(ask, key):
    wrong = [
        ask(client_id=client_id(), client_secret="x"),
        ask(client_id="x", client_secret=key),
        ask({"authorization": "Basic %%"}),
        ask({"authorization": "Basic \xff"}),
        ask(),
    ]
    too_many = ask(**{f"field{number}": "x" for number in range(1001)})
    other_grant = ask(grant_type="password", client_id=client_id(), client_secret=key)

    assert {(each.status_code, each.json()["error"]) for each in wrong} == {(401, "invalid_client")}
    assert kind_of(wrong[0]) == "invalid-client"
    assert (too_many.status_code, too_many.json()["error"]) == (400, "invalid_request")
    assert other_grant.json()["error"] == "unsupported_grant_type"


def test_forged_token_is_refused(api, ask, key):
    token = ask(client_id=client_id(), client_secret=key).json()["access_token"]

    forged = f"Bearer {token[:-2]}xx"

    assert api.get(SUPPLIERS, authorization=forged).status_code == 401
