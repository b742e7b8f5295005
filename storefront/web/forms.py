"""What a person may type. What is wrong with it is said in one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from orders import address_checks
from storefront.lib.address import Address
from storefront.web.address_form import AddressForm


class CheckoutAddressForm(AddressForm):
    """Where an order goes. A suggestion is taken, or a doubt outvoted, only by its owner's word."""

    choice = forms.ChoiceField(
        label=_("Which address shall stand on the parcel?"),
        choices=[("suggested", _("We suggest")), ("typed", _("You wrote"))],
        required=False,
    )
    reason = forms.CharField(
        label=_("If it is right all the same, say why"),
        max_length=address_checks.MAX_REASON,
        required=False,
        error_messages={"max_length": _("This is too long. Say it shorter.")},
    )
    about = forms.CharField(required=False, max_length=40)  # which address was asked about

    def __init__(self, *args: Any, noted: Mapping[str, Any], **kwargs: Any) -> None:
        """Ask; ``noted`` is what was said before, as ``address_checks.note`` makes it."""
        super().__init__(*args, **kwargs)
        self._noted = noted
        self.written: Address | None = None
        self.suggested: Address | None = None
        self.is_doubtful = False
        self.picked = ""
        self.chosen: Address | None = None
        self.note: Mapping[str, Any] = {}

    def settle(self, written: Address) -> None:
        """Take what was chosen, or ask."""
        self.written = written
        digest = address_checks.digest_of(written)
        if self._noted.get("of") == digest:
            self.chosen, self.note = written, self._noted
            return
        usual = address_checks.suggestion(written)
        is_answer = self.cleaned_data.get("about") == digest
        choice = self.cleaned_data.get("choice") if is_answer else ""
        is_corrected = choice == "suggested" and usual is not None
        chosen = usual if is_corrected and usual else written
        other = written if is_corrected else usual
        reason = str(self.cleaned_data.get("reason") or "").strip() if is_answer else ""
        doubts = address_checks.doubts(chosen)
        # What was answered already is asked again beside what was not, with its answer.
        self.suggested, self.is_doubtful, self.picked = usual, bool(doubts), choice or ""
        if usual and not choice:
            words = _("The post there writes it another way. Choose one of the two.")
            self.add_error("choice", words)
        if doubts and not reason:
            self._blame(doubts)
        if not self.errors:
            self.chosen = chosen
            self.note = address_checks.note(
                chosen, other=other, is_corrected=is_corrected, reason=reason
            )

    @property
    def digest(self) -> str:
        return address_checks.digest_of(self.written) if self.written else ""
