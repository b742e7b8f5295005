"""Payment settings: read gateway URLs and keys from the environment, list payment page origins."""

from storefront.lib.env import env_str

CHOSEN = env_str("PAYMENT_GATEWAY", "fake")
STRIPE_URL = env_str("STRIPE_API_URL", "https://api.stripe.com").rstrip("/")
STRIPE_KEY = env_str("STRIPE_SECRET_KEY")
STRIPE_HOOK = env_str("STRIPE_WEBHOOK_SECRET")  # during rotation two, separated by a space
# Where the customer pays; a custom domain may replace Stripe's.
STRIPE_PAGES = env_str("STRIPE_PAGES_URL", "https://checkout.stripe.com")


def pages() -> list[str]:
    """Return the origins that a form may lead to: browsers also check the redirect after it."""
    return [STRIPE_PAGES] if CHOSEN == "stripe" and STRIPE_PAGES else []
