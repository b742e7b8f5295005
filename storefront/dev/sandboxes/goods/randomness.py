"""Randomness: draw reproducible values; they depend on the subject alone. Pure."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A range, both ends inclusive."""

    least: float
    most: float

    def at(self, share: float) -> float:
        return self.least + (self.most - self.least) * share


class RandomDraws:
    """Random values that depend on the subject alone, not on other draws."""

    def __init__(self, *subject: object) -> None:
        digest = hashlib.blake2b(repr(subject).encode(), digest_size=8).digest()
        self._random = random.Random(int.from_bytes(digest))  # noqa: S311 - sample products

    def share(self) -> float:
        return self._random.random()

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def whole(self, least: int, most: int) -> int:
        return self._random.randint(least, most)

    def within(self, span: Span) -> float:
        return span.at(self._random.random())

    def pick[T](self, choices: Sequence[T]) -> T:
        return choices[self._random.randrange(len(choices))]

    def some[T](self, choices: Sequence[T], count: int) -> tuple[T, ...]:
        """Return ``count`` different choices, in their original order."""
        places = self._random.sample(range(len(choices)), min(count, len(choices)))
        return tuple(choices[place] for place in sorted(places))


def permute(number: int, *, modulus: int) -> int:
    """Return the image of a number under a permutation of the modulus."""
    return (number * 618_033_989 + 271_829) % modulus


def unpermute(number: int, *, modulus: int) -> int:
    return (number - 271_829) * pow(618_033_989, -1, modulus) % modulus
