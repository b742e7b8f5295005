"""What staff fill in about a supplier."""

from __future__ import annotations

from django import forms

from suppliers.adapters import ADAPTERS


class SupplierForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    adapter = forms.ChoiceField(choices=[(name, name) for name in ADAPTERS])
