"""E-mail reply workload: open the links in backorder e-mails, choose one of the two answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random

from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.workload import browser

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
            found = LINK.findall(browser.mail_text(file))
            if not found:
                self._read.add(file.name)
                continue
            path, number, _ = found[0]
            yield file.name, path, number, sorted({choice for _, _, choice in found})

    def _choose(self, path: str, choice: str) -> int:
        page = browser.get(self.place, path)
        if page.status != HTTPStatus.OK:
            return page.status
        return browser.post(self.place, path, {"answer": choice}, page=page).status
