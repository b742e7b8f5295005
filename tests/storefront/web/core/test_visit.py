from django.core import signing
from django.test import RequestFactory

from storefront.web.core import visit


def test_cart_cookie_of_an_earlier_release_still_opens_its_cart():
    """Cookies in browsers are signed with this salt: a renamed module must not change it."""
    request = RequestFactory().get("/")
    request.COOKIES["fara_cart"] = signing.Signer(salt="storefront.web.cart").sign("a-token")

    assert visit.cart_token(request) == "a-token"


def test_cart_cookie_survives_the_rotation_of_the_secret_key(settings):
    request = RequestFactory().get("/")
    request.COOKIES["fara_cart"] = signing.Signer(key="old", salt=visit.SALT).sign("a-token")

    assert visit.cart_token(request) == ""
    settings.SECRET_KEY_FALLBACKS = ["old"]
    assert visit.cart_token(request) == "a-token"
