"""Category form: edit a category in each language."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _

from catalog.models import Category
from catalog.models.families import family_choices
from storefront.lib.staff.country_fields import CountriesField
from storefront.lib.text import is_storable


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Form for a category. Validates strictly, because every page shows the names."""

    restricted_countries = CountriesField(required=False)

    class Meta:
        model = Category
        fields = (
            "slug",
            "names",
            "intros",
            "families",
            "google_id",
            "position",
            "restricted_countries",
        )

    def clean_names(self) -> dict[str, str]:
        names = check_texts(self.cleaned_data["names"])
        if not names.get("en"):
            raise forms.ValidationError(
                _("Enter the English name. It is used where a translation is missing.")
            )
        return names

    def clean_intros(self) -> dict[str, str]:
        return check_texts(self.cleaned_data["intros"] or {})

    def clean_families(self) -> list[str]:
        families, known = self.cleaned_data["families"], {code for code, _name in family_choices()}
        if not isinstance(families, list) or not {str(family) for family in families} <= known:
            message = _("Enter a list of family codes in brackets. Known codes: %(known)s.")
            raise forms.ValidationError(message % {"known": ", ".join(sorted(known))})
        return [str(family) for family in families]


def check_texts(texts: Any) -> dict[str, str]:
    """Return texts by language. Raises: ValidationError  a language is unknown."""
    known = [code for code, _name in settings.LANGUAGES]
    if not isinstance(texts, dict) or not all(
        name in known and isinstance(text, str) and is_storable(text)
        for name, text in texts.items()
    ):
        message = _('Texts by language, such as {"en": "Headlamps"}; languages: %(known)s.')
        raise forms.ValidationError(message % {"known": ", ".join(known)})
    return texts
