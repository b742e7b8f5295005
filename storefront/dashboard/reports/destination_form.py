"""Destination form: choose a country of a channel, and the channel if there are several."""

from operator import itemgetter
from typing import Any, cast

from babel import Locale
from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel


class DestinationForm(forms.Form):
    """Base of the report forms; ``channel`` is the one whose countries are offered."""

    country = forms.ChoiceField(label=_("Destination"))
    channel = forms.ModelChoiceField(
        Channel.objects.order_by("pk"), label=_("Channel"), to_field_name="code", empty_label=None
    )

    def __init__(self, channel: Channel, *args: Any, **known: Any) -> None:
        super().__init__(*args, **known)
        names = Locale.parse(get_language() or "en").territories
        codes = {channel.default_country, *channel.countries}
        self.countries = {code: names.get(code, code) for code in codes}
        choices = sorted(self.countries.items(), key=itemgetter(1))
        cast(forms.ChoiceField, self.fields["country"]).choices = choices
        if Channel.objects.count() == 1:
            del self.fields["channel"]


def channel_named(code: str) -> Channel:
    """Return the channel with a code, or else the first one."""
    channels = Channel.objects.order_by("pk")
    return channels.filter(code=code).first() or channels[0]
