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


def test_trace_echoes_nothing(client, light):
    for path in PAGES:
        answer = client.trace(path, headers={"x-secret": "hidden-word"})
        assert answer.status_code in {404, 405}, path
        assert b"hidden-word" not in answer.content


def test_no_folder_is_listed(client, light):
    for path in ("/static/", "/static/web/", "/media/", "/media/pictures/"):
        assert client.get(path).status_code == 404, path


def test_account_pages_are_not_stored(client, light):
    client.force_login(make_shopper())

    for path in ("", "profile/", "privacy/"):
        assert "no-store" in client.get(f"/en/account/{path}").headers["Cache-Control"], path
