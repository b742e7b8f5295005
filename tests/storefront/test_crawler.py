"""Crawler: open every URL as every kind of user, with hostile parameters.

No 5xx, no leaked staff page.
"""

from __future__ import annotations

import re

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client

from storefront.accounts.models import User
from tests.factories.accounts import make_shopper
from tests.factories.suppliers import NOON
from tests.support.corpus import Deck, forms_of
from tests.support.url_map import addresses

HOSTILE = (
    "?q=%27%22%3E%3Cscript%3E&page=-1&id=1e999&=x&next=//evil.example&sort=%C4%B0&v[]=1&e=1&o=z"
)
OPEN_TO_ALL = {"/admin/login/", "/admin/jsi18n/", "/admin/logout/"}
LIST = 3  # slashes in the URL pattern of a table's list
ENDS_THE_SESSION = {"/admin/logout/", "/admin/password_change/"}
SELLS = re.compile(
    r"en/(c/|p/|search/|compare/|cart/|checkout/|info/<|info/contact/|$|orders/.*/again/)"
    r"|api/v1/listings/"
)
REFUSED = {301, 302, 303, 400, 403, 404, 405}


def staff_member(name, *codenames):
    user = User.objects.create_user(f"{name}@fara.example", "a password", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def browser(user=None):
    client = Client(raise_request_exception=False, HTTP_SEC_FETCH_SITE="same-origin")
    if user is not None:
        client.force_login(user)
    return client


def opened(client, places, method="get", query=""):
    """Open each URL; return the status codes by path."""
    return {
        place.path: getattr(client, method)(f"{place.path}{query}").status_code for place in places
    }


def broken(codes):
    # No worker and no beat run beside this test, as /readyz correctly reports.
    return {path: code for path, code in codes.items() if code >= 500 and path != "/readyz"}


def shown(codes):
    return {path: code for path, code in codes.items() if code not in REFUSED}


def filled(client, places):
    """Submit each form of each page with one bad field and bad files; search each list badly."""
    deck, codes = Deck(), {}
    for place in places:
        page = client.get(place.path)
        codes[place.path] = page.status_code
        if place.pattern.count("/") == LIST:
            codes[f"{place.path}?q"] = client.get(place.path, {"q": deck.text()}).status_code
        for action, said, typed, files in forms_of(place.path, page):
            if action in ENDS_THE_SESSION:
                continue
            bad = {typed[len(codes) % len(typed)]: deck.text()} if typed else {}
            form = {**said, **bad, **{name: deck.file() for name in files}}
            codes[f"{action} {bad}"] = client.post(action, form).status_code
    return codes


@pytest.mark.django_db
@time_machine.travel(NOON, tick=True)
def test_every_url_opens_for_permitted_users_and_never_fails(world, started, subtests):
    places = list(addresses())
    desk = [one for one in places if one.is_staff_page and one.path not in OPEN_TO_ALL]
    tables = [one for one in desk if one.pattern.endswith(("/change/", "/add/", "/delete/"))]
    views = Permission.objects.filter(codename__startswith="view_")
    strangers = {"no one": None, "customer": make_shopper()}
    looker = staff_member("looker", *views.values_list("codename", flat=True))

    for who, user in strangers.items():
        for method in ("get", "post"):
            with subtests.test(who, method=method):
                codes = opened(browser(user), places, method, HOSTILE)
                assert broken(codes) == {}
                assert shown({one.path: codes[one.path] for one in desk}) == {}
    with subtests.test("staff without a right"):
        assert shown(opened(browser(staff_member("nothing")), tables)) == {}
    with subtests.test("staff who may look"):
        client = browser(looker)
        assert broken(opened(client, desk, query=HOSTILE)) == {}
        assert shown(opened(client, tables, "post")) == {}


@pytest.mark.django_db
@time_machine.travel(NOON, tick=True)
def test_bad_staff_forms_searches_and_ids_never_fail(world, started, subtests):
    client = browser(User.objects.create_superuser("root@fara.example", "a password"))
    desk = [one for one in addresses() if one.is_staff_page and one.path not in OPEN_TO_ALL]
    ids = ("0", "x", "9" * 20)
    strange = [
        three[turn % 3]
        for turn, three in enumerate(zip(*map(addresses, ids), strict=True))
        if three[0].is_staff_page and three[0].path != three[1].path
    ]

    with subtests.test("parameters"):
        assert broken(opened(client, desk, query=HOSTILE)) == {}
    with subtests.test("ids"):
        assert broken(opened(client, strange)) == {}
    with subtests.test("forms"):
        assert broken(filled(client, desk)) == {}


@pytest.mark.django_db
@time_machine.travel(NOON, tick=True)
def test_production_without_identity_closes_only_what_sells(world, settings):
    settings.IS_PRODUCTION = True
    client, told = browser(), {}

    for place in addresses():
        if place.pattern.startswith(("en/", "api/v1/listings/", "api/v1/orders/")):
            path = place.path if "info/" not in place.path else "/en/info/imprint/"
            codes = (getattr(client, method)(path).status_code for method in ("get", "post"))
            told[place.pattern] = next((code for code in codes if code != 405), 405)

    closed = {pattern for pattern, code in told.items() if code == 503}
    assert closed == {pattern for pattern in told if SELLS.match(pattern)}
    assert client.get("/en/info/returns/").status_code == 200
    order = next(path for path in told if path.endswith("orders/<str:number>/<str:key>/"))
    assert told[order] == told["en/supplier/<str:number>/<str:key>/"] == 200
