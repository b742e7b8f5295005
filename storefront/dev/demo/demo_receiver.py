"""Demo receiver: subscribe the webhook receiver to all events of the demo."""

from django.utils import timezone

from storefront.dev.demo.processes import WEBHOOK_SECRET
from storefront.dev.sandboxes.webhook_receiver import DEMO
from storefront.events.models import WebhookSubscription
from storefront.lib.env import env_str
from storefront.lib.security.encryption import encrypt

ACTOR = "seed_demo"
DESCRIPTION = "Webhook receiver of the demo"


def subscribe() -> None:
    """Create the subscription once; the port of the receiver may change."""
    if not (base_url := env_str("SANDBOX_RECEIVER_URL")):
        return
    now = timezone.now()
    subscription, _ = WebhookSubscription.objects.get_or_create(
        description=DESCRIPTION,
        defaults={"status_since": now, "created_by": ACTOR, "created_at": now},
    )
    # The encryption key may have changed, too.
    subscription.url = f"{base_url}/inbox/{DEMO}/"
    subscription.secret_encrypted = encrypt({"secret": WEBHOOK_SECRET})
    subscription.save(update_fields=["url", "secret_encrypted"])
