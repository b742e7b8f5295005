"""Category form: edit a category in each language."""

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from catalog.models import Category
from catalog.models.families import family_choices
from storefront.lib.staff.form_fields import CountriesField
from storefront.lib.staff.language_fields import LanguageTextsField


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Form for a category, whose names every page of the shop shows."""

    names = LanguageTextsField()
    intros = LanguageTextsField(is_long=True, required=False)
    families = forms.MultipleChoiceField(
        choices=family_choices, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
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
