"""Consents: show which kinds of message a recipient gets."""

from rest_framework import serializers

from notifications import preferences
from notifications.preferences import EMAIL, SMS, Kind
from storefront.api.core.fields import StrictBooleanField, StrictSerializer

KINDS = [kind.value for kind in Kind]


class ConsentSerializer(StrictSerializer):
    """One kind of message on one channel, and whether it is sent."""

    channel = serializers.ChoiceField([EMAIL, SMS])
    kind = serializers.ChoiceField(KINDS)
    is_given = StrictBooleanField()


def consents_of(*, recipients: dict[str, str]) -> list[dict[str, object]]:
    """Return the choices that apply. Shape: ``recipients`` by channel; "" is no recipient."""
    return [
        {"channel": channel, "kind": kind, "is_given": given[kind]}
        for channel, recipient in recipients.items()
        if recipient
        for given in [preferences.choices(recipient=recipient, sender=channel)]
        for kind in preferences.offered_kinds(channel)
    ]
