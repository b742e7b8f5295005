"""Parse a page as a browser would, with the standard library."""

from html.parser import HTMLParser

import pytest

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
# A page in Azerbaijani runs the same code; ``core/test_labels.py`` checks its texts daily.
in_each_language = pytest.mark.parametrize(
    "language", ["en", pytest.param("az", marks=pytest.mark.full)]
)


def page_of(order, subpath="", language="en"):
    """Return the path of a page of an order."""
    return f"/{language}/orders/{order.number}/{order.access_key}/{subpath}"


class Page(HTMLParser):
    """A page's elements, and errors in its structure."""

    def __init__(self, response):
        super().__init__(convert_charrefs=True)
        self.elements, self.faults, self._open = [], [], []
        self.text = response.content.decode()
        self.feed(self.text)
        self.faults += [f"<{tag}> never ends" for tag in self._open]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"</{tag}> inside {self._open[-3:]}, line {self.getpos()[0]}")
            if tag in self._open:
                while self._open.pop() != tag:
                    pass
        else:
            self._open.pop()

    def all(self, tag, **wanted):
        return [
            attrs
            for name, attrs in self.elements
            if name == tag and all(attrs.get(key) == value for key, value in wanted.items())
        ]

    @property
    def ids(self):
        return [attrs["id"] for _tag, attrs in self.elements if "id" in attrs]

    def unlabeled(self):
        """Return the controls without a label."""
        labeled = {attrs.get("for") for _tag, attrs in self.elements if _tag == "label"}
        controls = [
            attrs
            for tag, attrs in self.elements
            if tag in {"input", "select", "textarea"} and attrs.get("type") != "hidden"
        ]
        wrapped = self.text.split("<label")
        return [
            control
            for control in controls
            if control.get("id") not in labeled
            and not any(
                f'value="{control.get("value")}"' in part.split("</label>")[0]
                and f'name="{control.get("name")}"' in part.split("</label>")[0]
                for part in wrapped
            )
        ]


def results(response):
    """Return the product list of a whole page or an htmx part."""
    text = response.content.decode()
    start = text.index('<div id="results">')
    ends = [text.find(mark, start) for mark in ("<hx-partial", "</form>")]
    return text[start : min(end for end in ends if end > 0)].strip()
