"""Bad input as data: ``tests/corpus/*.json``, and forms filled in with it as a browser would."""

import json
from collections import defaultdict
from itertools import count
from urllib.parse import urljoin

from django.core.files.uploadedfile import SimpleUploadedFile
from lxml import etree, html

from tests.support.source_files import ROOT

FOLDER = ROOT / "tests" / "corpus"
NOT_TYPED = {"hidden", "submit", "button", "image", "reset"}


def read(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


TEXTS = [(case["class"], case["text"]) for case in read("texts")]
VALUES = [case["value"] for case in read("json_values")]
FILES = [(case["name"], case["type"], bytes.fromhex(case["hex"])) for case in read("files")]
BODIES = [
    bytes.fromhex(case["hex"])
    if "hex" in case
    else b"".join(unit.encode() * times for unit, times in case["runs"])
    for case in read("bodies")
]
# Lone surrogates are possible in JSON only, not in forms or addresses.
SENDABLE = [(kind, text) for kind, text in TEXTS if kind != "surrogate"]


class Deck:
    """The bad texts in turn: each round has one text of each class, different from the last round."""

    def __init__(self):
        self._by_class = defaultdict(list)
        for kind, text in SENDABLE:
            self._by_class[kind].append(text)
        self._rounds, self._files, self._texts = count(), count(), count()

    def round(self):
        turn = next(self._rounds)
        return [texts[turn % len(texts)] for texts in self._by_class.values()]

    def text(self):
        return SENDABLE[next(self._texts) % len(SENDABLE)][1]

    def file(self):
        name, content_type, content = FILES[next(self._files) % len(FILES)]
        return SimpleUploadedFile(name.replace("\0", "?"), content, content_type)


def forms_of(path, response):
    """Yield each POST form of a page: its address, its initial values, its text fields."""
    if "text/html" not in response.headers.get("content-type", "") or not response.content:
        return
    try:
        page = html.fromstring(response.content.decode())
    except etree.ParserError:
        return
    for form in page.forms:
        if (form.method or "get").lower() != "post":
            continue
        said, typed, files = {}, [], []
        for control in form.inputs:
            if not control.name:
                continue
            kind = (control.get("type") or "text").lower()
            if kind == "file":
                files.append(control.name)
                continue
            if control.get("type") != "radio" or control.get("checked") is not None:
                value = control.value
                said[control.name] = list(value) if isinstance(value, set) else value or ""
            if kind not in NOT_TYPED:
                typed.append(control.name)
        yield urljoin(path, form.action or ""), said, list(dict.fromkeys(typed)), files
