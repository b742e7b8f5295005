"""Payment settings: read gateway URLs and keys from the environment, list payment page origins."""

from __future__ import annotations

from storefront.lib.env import env_str

CHOSEN = env_str("PAYMENT_GATEWAY", "test")
TEST_URL = env_str("TEST_GATEWAY_URL", "http://127.0.0.1:8002")
TEST_SECRET = env_str("TEST_GATEWAY_SECRET", "whsec_bG9jYWwtb25seS1hbmQta25vd24tdG8tZXZlcnlib2R5")
STRIPE_URL = env_str("STRIPE_API_URL", "https://api.stripe.com").rstrip("/")
STRIPE_KEY = env_str("STRIPE_SECRET_KEY")
STRIPE_HOOK = env_str("STRIPE_WEBHOOK_SECRET")  # during rotation two, separated by a space
# Where the customer pays; a custom domain may replace Stripe's.
STRIPE_PAGES = env_str("STRIPE_PAGES_URL", "https://checkout.stripe.com")


def pages() -> list[str]:
    """Return the origins that a form may lead to: browsers also check the redirect after it."""
    known = {"test": [TEST_URL], "stripe": [STRIPE_PAGES]}
    return [page for page in known.get(CHOSEN, []) if page]
