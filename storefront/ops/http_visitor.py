"""HTTP visitor: open pages, keep cookies and submit forms without a browser."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin, urlsplit

TIMEOUT_S = 20
MAX_PAGE_BYTES = 4_000_000


class PageError(RuntimeError):
    """A page did not load, or lacks the expected form or link."""


@dataclass(slots=True)
class Form:
    """One form of a page with the values it would submit unchanged."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    fields: set[str] = field(default_factory=set)


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
        # No proxy between an operator and the shop.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(CookieJar()),
        )

    def open(self, url: str) -> Page:
        return self._read(urllib.request.Request(url))  # noqa: S310 - checked in _read

    def submit(self, page: Page, form: Form, values: Mapping[str, str]) -> Page:
        """Submit a form; ``values`` override its own. Raises PageError: the answer is an error."""
        sent = urlencode({**form.values, **values})
        address = urljoin(page.url, form.action or page.url)
        if form.method == "get":
            return self.open(f"{address.partition('?')[0]}?{sent}")
        request = urllib.request.Request(  # noqa: S310 - checked in _read
            address, data=sent.encode(), headers={"Referer": page.url}
        )
        return self._read(request)

    def _read(self, request: urllib.request.Request) -> Page:
        url = request.full_url
        if urlsplit(url).scheme not in {"http", "https"}:
            raise PageError(f"{url} is not a shop URL")
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                text = answer.read(MAX_PAGE_BYTES).decode("utf-8", "replace")
                address = answer.geturl()
        except urllib.error.HTTPError as error:
            text_of_error = " ".join(error.read(MAX_PAGE_BYTES).decode("utf-8", "replace").split())
            raise PageError(f"{url} returned {error.code}: {text_of_error[:300]}") from error
        except OSError as error:
            raise PageError(f"{url} does not respond: {error}") from error
        reader = _Reader(address)
        reader.feed(text)
        return Page(
            url=address,
            text=text,
            forms=tuple(reader.forms),
            links=tuple(reader.links),
        )


class _Reader(HTMLParser):
    """Collects the links and forms of a page."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self._form: Form | None = None
        self._select = ""
        self.forms: list[Form] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in values:
            self.links.append(urljoin(self._address, values["href"]))
        elif tag == "form":
            method = values.get("method", "get").lower()
            self._form = Form(action=values.get("action", ""), method=method)
            self.forms.append(self._form)
        elif self._form is not None:
            self._take_field(self._form, tag, values)

    def _take_field(self, form: Form, tag: str, values: Mapping[str, str]) -> None:
        name = values.get("name", "")
        if tag == "option" and self._select and "selected" in values:
            form.values[self._select] = values.get("value", "")
        if tag == "select":
            self._select = name
        if not name or tag not in {"input", "select", "textarea", "button"}:
            return
        form.fields.add(name)
        kind = values.get("type", "text")
        is_off = kind in {"radio", "checkbox"} and "checked" not in values
        if tag == "input" and kind not in {"submit", "image"} and not is_off:
            form.values[name] = values.get("value", "on" if kind == "checkbox" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
