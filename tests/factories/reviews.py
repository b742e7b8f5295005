"""Review factories: let a customer agree to be asked, run the sweep with a review page."""

from dataclasses import replace
from unittest import mock

from notifications import preferences
from notifications.preferences import EMAIL, Kind
from shipping import review_requests
from storefront.identity.current import DEMONSTRATION
from tests.factories.suppliers import NOON

REVIEW_PAGE = "https://reviews.example/fara"


def agree(email="erika@example.org", *, is_given=True):
    preferences.record_choices(
        recipient=email,
        sender=EMAIL,
        chosen={Kind.REVIEW_REQUEST: is_given},
        source="account",
        now=NOON,
    )


def ask_for_reviews(now, *, review_page=REVIEW_PAGE):
    identity = replace(DEMONSTRATION, review_url=review_page)
    with mock.patch.object(review_requests, "shop_identity", return_value=identity):
        return review_requests.ask_for_reviews(now=now)
