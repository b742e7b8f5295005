"""Headers and methods that protect every page, whichever app answers."""

import pytest

from tests.factories.accounts import make_shopper

pytestmark = pytest.mark.django_db
PAGES = ["/en/", "/en/account/sign-in/", "/en/nowhere/", "/api/v1/categories/", "/admin/login/"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_has_security_headers(client, light, path):
    headers = client.get(path).headers

    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    if headers["Content-Type"].startswith("text/html"):
        assert "default-src 'self'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PAGES)
def test_trace_echoes_nothing(client, light, path):
    answer = client.trace(path, headers={"x-secret": "hidden-word"})

    assert answer.status_code in {404, 405}
    assert b"hidden-word" not in answer.content


@pytest.mark.parametrize("path", ["/static/", "/static/web/", "/media/", "/media/pictures/"])
def test_no_folder_is_listed(client, light, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/en/account/", "/en/account/profile/", "/en/account/privacy/"])
def test_account_pages_are_not_stored(client, light, path):
    client.force_login(make_shopper())

    assert "no-store" in client.get(path).headers["Cache-Control"]
