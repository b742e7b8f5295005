"""Give goods of an order back: choose, read it once more, confirm. The receipt comes at once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from orders import access
from orders.models import Order, OrderLine, ReturnAuthorization
from orders.returning import answering, declaring, returnable
from orders.returning.declaring import Declaration
from orders.returning.refusing import CannotReturnError
from orders.returning.returnable import Returnable
from storefront.lib.states import IllegalMoveError, LostRaceError
from storefront.web.picturing import PicturesForm
from storefront.web.showing_returns import KINDS

Kind = ReturnAuthorization.Kind
MOST_AT_ONCE = 800  # letters
NEWS: dict[str, tuple[str, Promise]] = {
    "withdrawn": (
        "good",
        gettext_lazy(
            "Your withdrawal is with us. The receipt, with day and time, is on its way to you by"
            " e-mail."
        ),
    ),
    "declared": (
        "good",
        gettext_lazy("Your complaint is with us. The receipt is on its way to you by e-mail."),
    ),
    "changed": ("good", gettext_lazy("It is noted.")),
    "long": ("bad", gettext_lazy("This is too long. Say it shorter.")),
    "kept": ("bad", gettext_lazy("Nothing has to be sent back: keep it.")),
    "late": ("bad", gettext_lazy("That cannot be done any more: look below how it stands.")),
}


class ReturnForm(forms.Form):
    """Which things, how many of each, and what is wrong with them."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Why it goes back"),
        error_messages={
            "required": gettext_lazy("Say why it goes back."),
            "invalid_choice": gettext_lazy("Say why it goes back."),
        },
    )
    words = forms.CharField(
        label=gettext_lazy("What we should know"),
        required=False,
        max_length=MOST_AT_ONCE,
        error_messages={"max_length": gettext_lazy("This is too long. Say it shorter.")},
    )
    key = forms.CharField(required=False, max_length=40)

    def __init__(self, *args: Any, left: Returnable, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines: list[tuple[OrderLine, int]] = [
            (line, max(left.withdrawable.get(line.pk, 0), left.complainable.get(line.pk, 0)))
            for line in left.lines
        ]
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - it stands a few lines above
        kind.choices = [(code, words) for code, words in KINDS.items() if left.of(code)]
        for line, most in self.lines:
            self.fields[f"units_{line.pk}"] = forms.IntegerField(
                label=line.title,
                min_value=0,
                max_value=most,
                required=False,
                error_messages=_units_errors(most),
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not any(self.units.values()):
            first = self.lines[0][0] if self.lines else None
            self.add_error(f"units_{first.pk}" if first else None, _("Choose at least one thing."))
        is_complaint = cleaned.get("kind") not in {None, Kind.WITHDRAWAL}
        if is_complaint and not cleaned.get("words", "").strip() and "words" not in self.errors:
            self.add_error("words", _("Say in a few words what is wrong."))
        return cleaned

    @property
    def units(self) -> Mapping[int, int]:
        given = self.cleaned_data
        return {line.pk: given.get(f"units_{line.pk}") or 0 for line, _most in self.lines}

    def rows(self) -> list[tuple[OrderLine, int, forms.BoundField]]:
        return [(line, most, self[f"units_{line.pk}"]) for line, most in self.lines]

    def declaration(self) -> Declaration:
        given = self.cleaned_data
        key = given["key"] or secrets.token_hex(16)
        kind = Kind(given["kind"])
        return Declaration(key=key, kind=kind, units=self.units, words=given["words"].strip())

    @property
    def is_confirmed(self) -> bool:
        return "confirm" in self.data and bool(self.cleaned_data["key"])


def _units_errors(most: int) -> dict[str, str]:
    words = _("Enter a number from 0 to %(most)d.") % {"most": most}
    return dict.fromkeys(("invalid", "min_value", "max_value"), words)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """Ask what goes back, repeat it, and take it in only when it is confirmed."""
    found = _find(number, key)
    now = timezone.now()
    left = returnable.look(order=found, now=now)
    posted = request.POST if request.method == "POST" else None
    if posted is not None and (known := _known(found, _posted(request, "key", 40))):
        return _back(found, _word(known.kind))  # a double click: it is written down already
    form = ReturnForm(posted, left=left)
    status = HTTPStatus.OK
    if posted is not None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            said = form.declaration()
            try:
                if not form.is_confirmed:
                    declaring.insist(said, left)
                    return _repeat(request, found, form, said)
                if said.kind != Kind.WITHDRAWAL:
                    sent = PicturesForm(request, of=found.number)
                    if not sent.is_valid():
                        return _repeat(request, found, form, said, sent)
                    said = replace(said, drawings=sent.drawings)
                declaring.declare(order=found, said=said, actor="shopper", now=now)
                return _back(found, _word(said.kind))
            except CannotReturnError as refusal:
                form.add_error(None, str(refusal))
    context = {"order": found, "form": form, "left": left, "kinds": KINDS}
    return render(request, "web/return_choose.html", context, status=status)


def _repeat(
    request: HttpRequest,
    found: Order,
    form: ReturnForm,
    said: Declaration,
    sent: PicturesForm | None = None,
) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if sent else HTTPStatus.OK
    chosen = [(line, said.units[line.pk]) for line, _most in form.lines if said.units[line.pk]]
    context = {
        "order": found,
        "said": said,
        "chosen": chosen,
        "why": KINDS[said.kind],
        "is_withdrawal": said.kind == Kind.WITHDRAWAL,
        "sent": sent or PicturesForm(),
    }
    return render(request, "web/return_confirm.html", context, status=status)


@never_cache
@require_POST
def cancel(_request: HttpRequest, number: str, key: str, name: str) -> HttpResponse:
    """Keep the goods after all."""
    found = _find(number, key)
    authorization = _one(found, name)
    try:
        answering.cancel(authorization=authorization, actor="shopper", now=timezone.now())
    except (IllegalMoveError, LostRaceError):
        return _back(found, "late")
    return _back(found, "changed")


@never_cache
@require_POST
def sent(request: HttpRequest, number: str, key: str, name: str) -> HttpResponse:
    """Take in the number of the parcel that goes back: it proves that it was sent."""
    found = _find(number, key)
    authorization = _one(found, name)
    tracking_number = _posted(request, "tracking_number", 60)
    if not tracking_number:
        return _back(found, "")
    try:
        answering.sent(
            authorization=authorization,
            carrier=_posted(request, "carrier", 60),
            tracking_number=tracking_number,
            actor="shopper",
            now=timezone.now(),
        )
    except CannotReturnError:
        return _back(found, "kept")
    except (IllegalMoveError, LostRaceError):
        return _back(found, "late")
    return _back(found, "changed")


@never_cache
@require_POST
def answer(request: HttpRequest, number: str, key: str, name: str) -> HttpResponse:
    """Take in what the shopper answers to our question."""
    found = _find(number, key)
    authorization = _one(found, name)
    words = _posted(request, "words", MOST_AT_ONCE + 1)
    pictures = PicturesForm(request, of=found.number)
    if not pictures.is_valid():
        return _answer_again(request, authorization, words, pictures)
    if not words and not pictures.drawings:
        return _back(found, "")
    if len(words) > MOST_AT_ONCE:
        return _back(found, "long")
    try:
        answering.add_words(
            authorization=authorization,
            words=words,
            drawings=pictures.drawings,
            now=timezone.now(),
        )
    except CannotReturnError as refusal:
        pictures.add_error("pictures" if pictures.drawings else None, str(refusal))
        return _answer_again(request, authorization, words, pictures)
    except (IllegalMoveError, LostRaceError):
        return _back(found, "late")
    return _back(found, "changed")


def _answer_again(
    request: HttpRequest, authorization: ReturnAuthorization, words: str, sent: PicturesForm
) -> HttpResponse:
    """Show an answer once more that could not be taken in, with all of its words."""
    context = {
        "order": authorization.order,
        "authorization": authorization,
        "words": words,
        "sent": sent,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "web/return_answer.html", context, status=status)


def is_offered(found: Order, now: datetime) -> bool:
    """Test whether anything of an order can be given back now."""
    return bool(returnable.look(order=found, now=now).lines)


def _known(found: Order, key: str) -> ReturnAuthorization | None:
    return found.returns.filter(declaration=key).first() if key else None


def _posted(request: HttpRequest, name: str, most: int) -> str:
    """Read one field as a database takes it: a NUL is no letter."""
    return request.POST.get(name, "").replace("\0", "").strip()[:most]


def _word(kind: str) -> str:
    return "withdrawn" if kind == Kind.WITHDRAWAL else "declared"


def _back(found: Order, word: str) -> HttpResponseRedirect:
    path = reverse("order", args=[found.number, found.access_key])
    news = f"?return={word}" if word else ""
    return HttpResponseRedirect(f"{path}{news}#returns", status=HTTPStatus.SEE_OTHER)


def _one(found: Order, name: str) -> ReturnAuthorization:
    authorization = found.returns.filter(number=name).first()
    if authorization is None:
        raise Http404
    return authorization


def _find(number: str, key: str) -> Order:
    found = access.find(number=number, key=key)
    if found is None:
        raise Http404
    return found
