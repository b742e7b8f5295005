"""Category form: edit the names and texts of a category in each language."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _

from catalog.models import Category
from catalog.models.products import Family
from storefront.lib.staff.country_fields import CountriesField


class ShelfForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """A slip here would be on every page: the menu shows the names."""

    not_sent_to = CountriesField(required=False)

    class Meta:
        model = Category
        fields = ("slug", "names", "intros", "families", "google_id", "position", "not_sent_to")

    def clean_names(self) -> dict[str, str]:
        names = _texts(self.cleaned_data["names"])
        if not names.get("en"):
            raise forms.ValidationError(_("The English name stands where another is missing."))
        return names

    def clean_intros(self) -> dict[str, str]:
        return _texts(self.cleaned_data["intros"] or {})

    def clean_families(self) -> list[str]:
        told, known = self.cleaned_data["families"], set(Family.values)
        if not isinstance(told, list) or not {str(each) for each in told} <= known:
            words = _("A list of kinds in brackets, of these: %(known)s.")
            raise forms.ValidationError(words % {"known": ", ".join(sorted(known))})
        return [str(each) for each in told]


def _texts(told: Any) -> dict[str, str]:
    known = [code for code, _name in settings.LANGUAGES]
    if not isinstance(told, dict) or not all(
        name in known and isinstance(text, str) for name, text in told.items()
    ):
        words = _('Texts by language, such as {"en": "Headlamps"}; languages: %(known)s.')
        raise forms.ValidationError(words % {"known": ", ".join(known)})
    return told
