from __future__ import annotations

from django.core import signing
from django.test import RequestFactory

from storefront.web.core import visit


def test_a_cart_cookie_of_an_earlier_release_still_opens_its_cart():
    """The salt is part of cookies that last a year: a renamed module must not change it."""
    request = RequestFactory().get("/")
    request.COOKIES["fara_cart"] = signing.Signer(salt="storefront.web.cart").sign("a-token")

    assert visit.cart_token(request) == "a-token"
