"""What a shopper is asked by mail is answered once, by one of the two links that it holds."""

from __future__ import annotations

from email.message import EmailMessage
from http import HTTPStatus
from random import Random
from types import SimpleNamespace

import pytest

from storefront.dev.bench.harness.scripted_load import Answer
from storefront.dev.chaos.workload import browser
from storefront.dev.chaos.workload.email_replies import Replier

PAGE = "/en/orders/FL-7/abc-DEF/setbacks/4/"


def mail(folder, *answers):
    said = EmailMessage()
    said["Subject"] = "Do you want to wait?"
    said.set_content("\n".join(f"http://127.0.0.1:1{PAGE}?answer={one}" for one in answers) or "Hi")
    (folder / f"{len(list(folder.glob('*')))}.eml").write_bytes(bytes(said))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A shop that takes answers, and whose statuses to forms may be put in a row."""
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


def test_one_of_the_links_is_chosen_once(shop):
    mail(shop.mail)
    mail(shop.mail, "wait", "refund")
    replier = Replier(place=shop.place, luck=Random(1))

    assert replier.reply()
    assert not replier.reply()

    ((path, form),) = shop.forms
    assert path == PAGE
    assert form == f"answer={replier.said['FL-7']}&csrfmiddlewaretoken=t"


def test_what_cannot_be_had_any_more_is_given_back(shop):
    mail(shop.mail, "wait")
    shop.statuses = [HTTPStatus.CONFLICT]
    replier = Replier(place=shop.place, luck=Random(1))

    assert replier.reply()

    assert replier.said == {"FL-7": "refund"}


def test_who_finds_nobody_there_comes_back(shop):
    mail(shop.mail, "wait")
    shop.statuses = [HTTPStatus.SERVICE_UNAVAILABLE]
    replier = Replier(place=shop.place, luck=Random(1))

    assert not replier.reply()
    assert replier.reply()
