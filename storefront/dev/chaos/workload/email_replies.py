"""E-mail reply workload: open the links in backorder e-mails, choose one of the two answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from http import HTTPStatus
from random import Random
from urllib.parse import urlencode

from storefront.dev.bench.harness.checkout_script import CSRF_FIELD, field_in
from storefront.dev.bench.harness.load import BadAnswerError
from storefront.dev.bench.harness.scripted_load import Answer, Ask, ask_once
from storefront.dev.chaos.instance.instance import Instance

LINK = re.compile(r"(/\w+/orders/([\w-]+)/[\w-]+/setbacks/\d+/)\?answer=(\w+)")
REFUND = "refund"


@dataclass(slots=True, kw_only=True)
class Replier:
    """One who reads all mails; ``said`` is what was chosen last, by the number of the order."""

    place: Instance
    luck: Random
    said: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    _read: set[str] = field(default_factory=set)

    def reply(self) -> bool:
        """Answer all that came since; tell whether there was anything."""
        did = False
        for name, path, number, choices in self._questions():
            choice = self.luck.choice(choices)
            taken = self._choose(path, choice)
            if taken == HTTPStatus.CONFLICT:  # gone meanwhile: what else could he want
                choice = REFUND
                taken = self._choose(path, choice)
            if taken != HTTPStatus.SEE_OTHER:
                continue  # nobody there: he comes back
            self._read.add(name)
            self.said[number] = choice
            self.asked += 1
            did = True
        return did

    def _questions(self) -> Iterator[tuple[str, str, str, list[str]]]:
        """Find what is asked in mails that were not read: file, page, order and choices."""
        for file in sorted((self.place.var / "mail").glob("*.eml")):
            if file.name in self._read:
                continue
            found = LINK.findall(_text(file.read_bytes()))
            if not found:
                self._read.add(file.name)
                continue
            path, number, _ = found[0]
            yield file.name, path, number, sorted({choice for _, _, choice in found})

    def _choose(self, path: str, choice: str) -> int:
        page = self._ask(path)
        if page is None or page.status != HTTPStatus.OK:
            return page.status if page else 0
        form = {"answer": choice, CSRF_FIELD: field_in(page.body, CSRF_FIELD)}
        answer = self._ask(path, urlencode(form).encode(), page)
        return answer.status if answer else 0

    def _ask(
        self, path: str, form: bytes | None = None, page: Answer | None = None
    ) -> Answer | None:
        cookies = page.cookies if page else {}
        ask = Ask(step=path, port=self.place.ports.web, path=path, form=form, cookies=cookies)
        try:
            return ask_once(ask)
        except (OSError, BadAnswerError):
            return None


def _text(raw: bytes) -> str:
    said = message_from_bytes(raw)
    parts = [one for one in said.walk() if one.get_content_type() == "text/plain"]
    return "\n".join(bytes(one.get_payload(decode=True)).decode(errors="replace") for one in parts)
