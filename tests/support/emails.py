"""E-mails as the shop renders them: check the last one of a name in English and Azerbaijani."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest

from notifications import dispatch
from notifications.models import Event
from notifications.rendering import RenderedMessage, render
from notifications.sealed_links import decrypt_link
from storefront.identity.current import DEMONSTRATION
from tests.factories.suppliers import NOON

MOST_BYTES = 60_000
UNITS = {"m"}  # same spelling in both languages
RUN_TOGETHER = re.compile(r"\w[.?!][^\W\d_a-z]")


class Page(HTMLParser):
    """The links, images and text of an HTML e-mail."""

    def __init__(self, html):
        super().__init__()
        self.links, self.pictures, self.words, self._skips = [], [], [], 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self._skips += tag == "style"
        if tag == "a":
            self.links.append(attrs["href"])
        if tag == "img":
            self.pictures.append(attrs)

    def handle_endtag(self, tag):
        self._skips -= tag == "style"

    def handle_data(self, data):
        if not self._skips and data.strip():
            self.words.append(" ".join(data.split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    payload: dict[str, Any]
    english: RenderedMessage
    azerbaijani: RenderedMessage

    def is_named_in(self, text):
        """Return whether the text names the order, the supplier, the sender or the shop."""
        named = (self.payload.get(key) for key in ("order", "number", "supplier"))
        about = next(filter(None, named), None)
        names = [about] if about else [DEMONSTRATION.name, self.payload.get("name")]
        return any(name in text for name in names if name)


def last_email(name, template=None):
    """Render the e-mail of the last event of a name, as it is sent, in both languages.

    If the event sends several e-mails, return the one of ``template``, by default the first.
    """
    event = Event.objects.filter(name=name).latest("pk")
    messages = dispatch.fan_out(event=event, now=NOON)
    message = next(each for each in messages if template in {None, each.template})
    payload = decrypt_link(event.payload)
    english, azerbaijani = (
        render(template=message.template, locale=locale, payload=payload) for locale in ("en", "az")
    )
    return Email(payload=payload, english=english, azerbaijani=azerbaijani)


def problems_of(name, sentences, template=None):
    """Return the faults of the last e-mail of a name, which must contain these sentences."""
    email = last_email(name, template)
    return [
        *_unsaid(email.english, sentences),
        *_faults(email, email.english, "en"),
        *_faults(email, email.azerbaijani, "az"),
        *(f"in English: {line}" for line in _left_in_english(email)),
    ]


def email_test(cases):
    """Return a test that causes each e-mail: ``(name of its event, cause, sentences)``."""

    @pytest.mark.parametrize(("name", "cause", "sentences"), cases)
    def test(name, cause, sentences):
        cause()

        problems = problems_of(name, sentences)
        assert problems == [], problems

    return test


def _unsaid(letter, sentences):
    text = " ".join(letter.text.split())
    html = " ".join(Page(letter.html).words)
    for sentence in sentences:
        for kind, said in (("text", text), ("HTML", html)):
            if sentence not in said:
                yield f"the {kind} does not say {sentence!r}: {said}"


def _faults(email, letter, locale):
    page = Page(letter.html)
    url = email.payload["url"]
    checks = {
        "the subject does not say what it is about": email.is_named_in(letter.subject),
        "the text does not say what it is about": email.is_named_in(letter.text),
        "the text lacks its link": url in letter.text,
        "two sentences run together": not RUN_TOGETHER.search(
            re.sub(r"\S+://\S+", "", letter.text)
        ),
        "the HTML lacks its link": url in page.links,
        "a link leads nowhere": all(
            link.startswith(("https://", "http://127.0.0.1")) for link in page.links
        ),
        "a picture has no alt text": all("alt" in picture for picture in page.pictures),
        "it is too long": len(letter.html.encode()) <= MOST_BYTES,
        "the html element has no lang": f'lang="{locale}"' in letter.html,
        "it has no dark colors": "prefers-color-scheme: dark" in letter.html,
        "it has a script": "<script" not in letter.html,
        "a template is left in it": "{{" not in letter.html + letter.text,
    }
    return [
        f"{locale}: {problem}: {letter.text}" for problem, is_fine in checks.items() if not is_fine
    ]


def _left_in_english(email):
    """Return the words that the Azerbaijani e-mail shares with the English one, except data."""
    given = sorted(_values(email.payload) | _identity(), key=len, reverse=True)
    english, azerbaijani = map(_lines, (email.english, email.azerbaijani))
    return sorted(line for line in english & azerbaijani if _words_in(line, given))


def _lines(letter):
    text = {" ".join(line.split()) for line in letter.text.splitlines()}
    return {letter.subject, *text, *Page(letter.html).words}


def _words_in(line, given):
    for value in given:
        line = line.replace(value, " ")
    return set(re.findall(r"[^\W\d_]+", line)) - UNITS


def _values(part):
    """Return the values of a payload, as an e-mail may print them."""
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list):
        return set().union(*map(_values, part))
    written = " ".join(str(part).split())
    return {written} if written else set()


def _identity():
    shop = DEMONSTRATION
    lines = {*shop.address_lines, ", ".join(shop.address_lines)}
    return {shop.name, shop.company, shop.email, shop.phone, *lines}
