"""Problem report forms: let staff answer with a text in the customer's language, a free one, or both."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from shipping.models import ProblemReport

Kind = ProblemReport.Kind
MAX_FREE_TEXT = 500
type Texts = Mapping[str, Promise]

REJECTIONS: Texts = {
    "delivered": _(
        "The carrier confirmed the delivery. Please ask your household, your neighbors and the"
        " carrier. Write to us if it does not turn up."
    ),
    "on_its_way": _(
        "The parcel is still on its way. Please report it again if it does not arrive."
    ),
    "return_it": _(
        "We need the item back to decide. Please open a return on the page of your order."
    ),
    "not_visible": _("The pictures do not show the problem."),
}
QUESTIONS: Texts = {
    "pictures": _(
        "Please send us pictures of the item, of the parcel from outside, and of its label."
    ),
    "received": _("Please tell us what was in the parcel."),
    "neighbors": _(
        "Please ask your household and your neighbors, and tell us whether they took it in."
    ),
}


def answer_form(
    report: ProblemReport, texts: Texts, *, is_required: bool = True
) -> type[forms.Form]:
    """Return the form of an answer; the prepared texts are in the language of the order."""
    with override(report.parcel.shipment.purchase_order.order.locale):
        prepared = [(code, str(text)) for code, text in texts.items()]
    fields: dict[str, Any] = {
        "prepared": forms.ChoiceField(
            label=_("Prepared text"),
            choices=[("", _("None")), *prepared],
            required=False,
            help_text=_("In the language of the customer."),
        ),
        "own": forms.CharField(
            label=_("Your text"),
            required=False,
            max_length=MAX_FREE_TEXT,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("Shown to the customer as written, in the e-mail and on the order page."),
        ),
    }
    if not prepared:
        del fields["prepared"]
    return type(
        "ReportAnswerForm",
        (_AnswerForm,),
        {**fields, "prepared_texts": dict(prepared), "is_required": is_required},
    )


class _AnswerForm(forms.Form):
    """``cleaned_data["answer"]`` is the prepared text, then the free one."""

    prepared_texts: Mapping[str, str] = {}
    is_required = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        parts = (self.prepared_texts.get(cleaned.get("prepared", ""), ""), cleaned.get("own", ""))
        cleaned["answer"] = "\n".join(part for part in parts if part)
        if self.is_required and not cleaned["answer"]:
            self.add_error("own", gettext("Choose a prepared text, or write one."))
        return cleaned
