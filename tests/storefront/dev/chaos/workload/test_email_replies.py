"""E-mail replies: answer a question once, by one of its two links."""

from email.message import EmailMessage
from http import HTTPStatus
from random import Random
from types import SimpleNamespace

import pytest

from storefront.dev.bench.harness.scripted_load import Answer
from storefront.dev.chaos.workload import browser
from storefront.dev.chaos.workload.email_replies import EmailReplier

PAGE = "/en/orders/FL-7/abc-DEF/backorders/4/"


def mail(folder, *answers):
    email = EmailMessage()
    email["Subject"] = "Do you want to wait?"
    email.set_content(
        "\n".join(f"http://127.0.0.1:1{PAGE}?answer={one}" for one in answers) or "Hi"
    )
    (folder / f"{len(list(folder.glob('*')))}.eml").write_bytes(bytes(email))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A shop that accepts answers, with configurable statuses of its forms."""
    (tmp_path / "mail").mkdir()
    found = SimpleNamespace(
        forms=[],
        statuses=[],
        mail=tmp_path / "mail",
        place=SimpleNamespace(var=tmp_path, ports=SimpleNamespace(web=1)),
    )

    def ask_once(ask):
        if ask.form is None:
            return Answer(status=200, body=b'<input name="csrfmiddlewaretoken" value="t">')
        found.forms.append((ask.path, ask.form.decode()))
        return Answer(status=found.statuses.pop(0) if found.statuses else 303, body=b"")

    monkeypatch.setattr(browser, "ask_once", ask_once)
    return found


def test_one_link_is_chosen_once(shop):
    mail(shop.mail)
    mail(shop.mail, "wait", "refund")
    email_replier = EmailReplier(place=shop.place, rng=Random(1))

    assert email_replier.reply()
    assert not email_replier.reply()

    ((path, form),) = shop.forms
    assert path == PAGE
    assert form == f"answer={email_replier.last_choices['FL-7']}&csrfmiddlewaretoken=t"


@pytest.mark.parametrize(
    ("status", "first", "choice"),
    [(HTTPStatus.CONFLICT, True, "refund"), (HTTPStatus.SERVICE_UNAVAILABLE, False, "wait")],
)
def test_refused_choice_becomes_a_refund_and_an_unanswered_one_is_repeated(
    shop, status, first, choice
):
    mail(shop.mail, "wait")
    shop.statuses = [status]
    email_replier = EmailReplier(place=shop.place, rng=Random(1))

    assert email_replier.reply() is first
    assert email_replier.reply() is not first

    assert email_replier.last_choices == {"FL-7": choice}
