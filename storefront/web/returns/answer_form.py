"""What a shopper answers to our question about a return: words, pictures, or both."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import ReturnAuthorization
from orders.models.returns import MOST_WORDS
from storefront.web.returns.forms import Words
from storefront.web.returns.photos import PicturesForm


class AnswerForm(PicturesForm):
    """Words are judged first: no picture is drawn for an answer that is not taken in."""

    words = Words(label=gettext_lazy("Your answer"), required=False)
    field_order = ("words", "pictures")

    def __init__(self, request: HttpRequest, *, to: ReturnAuthorization, of: str) -> None:
        super().__init__(request, of=of)
        self._room = MOST_WORDS - len(to.words) - 1

    def clean_words(self) -> str:
        words: str = self.cleaned_data["words"]
        if len(words) > self._room:
            raise forms.ValidationError(_("This is too long. Say it shorter."))
        return words
