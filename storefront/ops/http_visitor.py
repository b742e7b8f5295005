"""HTTP visitor: open pages, keep cookies and submit forms without a browser."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from lxml import html

TIMEOUT_S = 20
MAX_PAGE_BYTES = 4_000_000


class PageError(RuntimeError):
    """A page did not load, or lacks the expected form or link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form of a page with the values it would submit unchanged."""

    action: str
    method: str
    values: Mapping[str, str]
    fields: set[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: its text, forms and links."""

    url: str
    text: str
    forms: tuple[Form, ...]
    links: tuple[str, ...]

    def form(self, *names: str) -> Form:
        """Return the first form that has all these fields. Raises PageError: none has."""
        for form in self.forms:
            if form.fields.issuperset(names):
                return form
        raise PageError(f"{self.url} has no form with {', '.join(names)}")

    def link(self, part: str) -> str:
        """Return the first link whose path contains a text. Raises PageError: there is none."""
        for link in self.links:
            if part in urlsplit(link).path:
                return link
        raise PageError(f"{self.url} has no link to {part}")


class Visitor:
    """Visits a shop; follows redirects, also to the payment gateway and back."""

    def __init__(self) -> None:
        # Connect directly, even if the environment names a proxy.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor()
        )

    def open(self, url: str) -> Page:
        return self._read(urllib.request.Request(url))  # noqa: S310 - checked in _read

    def submit(self, page: Page, form: Form, values: Mapping[str, str]) -> Page:
        """Submit a form; ``values`` override its own. Raises PageError: the answer is an error."""
        sent = urlencode({**form.values, **values})
        if form.method == "get":
            return self.open(f"{form.action.partition('?')[0]}?{sent}")
        request = urllib.request.Request(  # noqa: S310 - checked in _read
            form.action, data=sent.encode(), headers={"Referer": page.url}
        )
        return self._read(request)

    def _read(self, request: urllib.request.Request) -> Page:
        url = request.full_url
        if urlsplit(url).scheme not in {"http", "https"}:
            raise PageError(f"{url} is not a shop URL")
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                content = answer.read(MAX_PAGE_BYTES)
                address = answer.geturl()
        except urllib.error.HTTPError as error:
            text_of_error = " ".join(error.read(MAX_PAGE_BYTES).decode("utf-8", "replace").split())
            raise PageError(f"{url} returned {error.code}: {text_of_error[:300]}") from error
        except OSError as error:
            raise PageError(f"{url} does not respond: {error}") from error
        return _parsed(address, content.decode("utf-8", "replace"))


def _parsed(url: str, text: str) -> Page:
    tree = html.document_fromstring(text.encode() or b"<p>", html.HTMLParser(encoding="utf-8"))
    tree.make_links_absolute(url)
    forms = [
        Form(
            action=form.action or url,
            method=form.method.lower(),
            values=dict(form.form_values()),
            fields=set(form.xpath(".//@name")),
        )
        for form in tree.forms
    ]
    return Page(url=url, text=text, forms=tuple(forms), links=tuple(tree.xpath("//a/@href")))
