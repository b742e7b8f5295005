"""E-mail reply workload: open the links in e-mails that ask, choose one of the answers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random

from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.workload import browser

LINK = re.compile(r"(/\w+/orders/([\w-]+)/[\w-]+/(?:backorders|parcels)/\d+/)\?answer=(\w+)")
REFUND = "refund"


@dataclass(slots=True, kw_only=True)
class EmailReplier:
    """A customer who answers e-mails; ``last_choices`` maps order numbers to the last choice."""

    place: Instance
    rng: Random
    last_choices: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    _read: set[str] = field(default_factory=set)

    def reply(self) -> bool:
        """Answer all new e-mails; return whether there were any."""
        did = False
        for name, path, number, choices in self._questions():
            choice = self.rng.choice(choices)
            status = self._choose(path, choice)
            if status == HTTPStatus.CONFLICT:  # waiting is no longer possible
                choice = REFUND
                status = self._choose(path, choice)
            if status != HTTPStatus.SEE_OTHER:
                continue  # no answer: retried later
            self._read.add(name)
            self.last_choices[number] = choice
            self.asked += 1
            did = True
        return did

    def _questions(self) -> Iterator[tuple[str, str, str, list[str]]]:
        """Yield the questions in new e-mails: file, page, order and choices."""
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
