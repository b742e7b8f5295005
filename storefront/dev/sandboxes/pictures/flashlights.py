"""Flashlight pictures: draw each kind from tail to lens."""

from __future__ import annotations

from collections.abc import Callable

from .subject import Subject
from .svg import Pen, num
from .turned_shapes import Size, Turning


def _word(subject: Subject) -> str:
    return subject.product.maker.name


def tube(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = head * (0.84 + dice.share() * 0.14)
    work.tail(0.16, body)
    _, end = work.cut(0.4, body, texture=work.texture)
    start = work.x
    if dice.chance(0.5):
        work.groove(body * 0.97, color=work.subject.accent, share=0.012)
    work.cut(0.13, body)
    work.switch((start + work.x) / 2 + 1, body, size=body * 0.42, is_metal=dice.chance(0.4))
    work.fins(0.11, (body + head) / 2, 1.0, dice.whole(2, 4))
    work.cut(0.05, body, head)
    work.cut(0.09, head, texture=dice.pick(("", "grooves", "flutes")))
    work.bezel(0.03, head)
    work.lens(head * 0.82, kind=dice.pick(("smooth", "peel", "optic")))
    if dice.chance(0.6):
        work.clip(end - work.length * 0.36, end, body)


def thrower(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = max(head * (0.4 + dice.share() * 0.12), 14)
    work.tail(0.14, body)
    work.cut(0.34, body, texture=work.texture)
    work.cut(0.1, body * 1.04)
    work.switch(
        work.x - work.length * 0.05, body * 1.04, size=body * 0.36, is_metal=dice.chance(0.6)
    )
    work.fins(0.09, body * 1.22, 1.8, dice.whole(3, 4))
    if dice.chance(0.5):
        work.cut(0.16, body * 1.1, head)
        work.cut(0.1, head, texture=dice.pick(("", "flutes")))
    else:
        work.cut(0.1, body * 1.1, head * 0.9)
        work.cut(0.05, head * 0.9, head)
        work.cut(0.11, head)
    work.bezel(0.03, head)
    work.lens(head * 0.88, kind="smooth", recess=2)


def zoom(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = head * (0.6 + dice.share() * 0.12)
    work.tail(0.15, body)
    work.cut(0.32, body, texture=work.texture)
    work.cut(0.05, body * 1.05, color=work.subject.accent if dice.chance(0.5) else "")
    work.cut(0.12, body * 1.02)
    work.switch(work.x - work.length * 0.05, body, size=body * 0.34, is_metal=False)
    work.cut(0.06, body * 0.86, color="#c3c8d0", finish="polished")
    work.cut(0.03, body, head)
    work.cut(0.16, head, texture=dice.pick(("flutes", "squares", "coarse")))
    work.groove(head * 0.96)
    work.cut(0.05, head)
    work.bezel(0.03, head)
    work.lens(head * 0.84, kind="bull")


def can(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = head * (0.82 + dice.share() * 0.16)
    work.cut(0.03, body * 0.94, body)
    work.cut(0.36, body, texture=dice.pick(("flutes", "coarse", "squares", "knurl")))
    work.groove(body * 0.97, color=work.subject.accent, share=0.014)
    work.cut(0.18, body)
    work.switch(work.x - work.length * 0.09, body, size=body * 0.24, is_metal=dice.chance(0.5))
    work.port(work.x - work.length * 0.09, body)
    work.fins(0.2, head, 2.6, dice.whole(3, 5))
    work.cut(0.13, head)
    work.bezel(0.04, head)
    work.lens(head * 0.87, kind="many", recess=2)


def stub(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = head * (0.88 + dice.share() * 0.12)
    work.tail(0.2, body)
    _, end = work.cut(0.3, body, texture=work.texture)
    work.cut(0.18, body)
    work.switch(work.x - work.length * 0.09, body, size=body * 0.4, is_metal=dice.chance(0.5))
    work.fins(0.12, head, 1.0, 3)
    work.cut(0.12, head)
    work.bezel(0.05, head)
    work.lens(head * 0.8, kind=dice.pick(("optic", "peel", "smooth")))
    work.clip(end - work.length * 0.42, end, body)


def penlight(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = head * 0.92
    work.cut(0.035, body * 0.55, color=work.subject.accent, finish="rubber")
    work.cut(0.06, body * 0.8, body)
    work.cut(0.04, body, texture="grooves")
    _, end = work.cut(0.5, body, texture=dice.pick(("", "", "knurl", "grooves")))
    work.groove(body * 0.94, color=work.subject.accent)
    work.cut(0.2, body, texture=dice.pick(("knurl", "flutes", "grooves")))
    work.cut(0.08, body, head)
    work.cut(0.05, head)
    work.bezel(0.02, head)
    work.lens(head * 0.78, kind="peel")
    work.clip(-work.length * 0.4, -work.length * 0.02, body)
    work.mark(end - work.length * 0.16, body, _word(work.subject))


def duty(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = min(head * 0.78, 14.5)
    work.tail(0.15, body)
    work.cut(0.05, body * 1.1, body * 1.1, texture="flutes")
    _, end = work.cut(0.36, body, texture=work.texture)
    work.cut(0.06, body)
    work.cut(0.06, body, head)
    work.fins(0.11, head, 1.5, 3)
    work.cut(0.1, head, texture=dice.pick(("", "squares", "flutes")))
    work.bezel(0.05, head * 1.02)
    work.lens(head * 0.82, kind=dice.pick(("smooth", "peel")))
    work.crown(head)
    work.clip(end - work.length * 0.4, end - 4, body)


def key_tube(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = head * 0.96
    tail_x = work.x * work.lathe.shrink
    work.pen.path(
        f"M{num(tail_x - 1)} 0m-9 0a9 6.5 0 1 1 18 0a9 6.5 0 1 1 -18 0Z",
        line="#c3c8d0",
        width=1.3,
    )
    work.cut(0.08, body * 0.5, body * 0.6)
    work.cut(0.05, body * 0.86, body)
    work.cut(0.4, body, texture=dice.pick(("knurl", "grooves", "scales", "flutes", "")))
    work.groove(body * 0.92)
    work.cut(0.22, head, texture=dice.pick(("knurl", "flutes", "grooves")))
    work.cut(0.1, head)
    work.bezel(0.05, head)
    work.lens(head * 0.76, kind=dice.pick(("optic", "peel")))


MAKERS: dict[str, Callable[[Turning], None]] = {
    "tube": tube,
    "thrower": thrower,
    "zoom": zoom,
    "can": can,
    "stub": stub,
    "pen": penlight,
    "duty": duty,
    "key_tube": key_tube,
}


def draw(pen: Pen, subject: Subject) -> Size:
    """Turn the flashlight, and tell its size in the picture."""
    work = Turning(pen, subject)
    MAKERS[subject.product.shape](work)
    return work.size()
