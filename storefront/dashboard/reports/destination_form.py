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
        self.countries = dict(countries_of(channel))
        cast(forms.ChoiceField, self.fields["country"]).choices = [*self.countries.items()]
        if Channel.objects.count() == 1:
            del self.fields["channel"]


def countries_of(channel: Channel) -> list[tuple[str, str]]:
    """Return the codes and names of the countries of a channel, sorted by name."""
    names = Locale.parse(get_language() or "en").territories
    codes = {channel.default_country, *channel.countries}
    return sorted(((code, names.get(code, code)) for code in codes), key=itemgetter(1))


def channel_named(code: str) -> Channel:
    """Return the channel with a code, or else the first one."""
    channels = Channel.objects.order_by("pk")
    return channels.filter(code=code).first() or channels[0]
