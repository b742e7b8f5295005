"""Light physics: compute modes, runtimes and reach from cells and beam. Pure.

Source: runtime = energy x efficacy / output; beam distance = 2 x sqrt(candela), where 0.25 lx
remain (ANSI/PLATO FL 1)
"""

import math

from .archetypes import LightKind
from .model import Battery, Light, Mode
from .randomness import RandomDraws, Span

LEVEL_SHARES = {
    3: (1, 0.4, 0.1),
    1: (1,),
    2: (1, 0.3),
    4: (1, 0.45, 0.15, 0.03),
    5: (1, 0.5, 0.2, 0.05, 0.004),
}
CD_PER_MM2 = 180  # the best value of an LED behind good glass, with a margin
PLAUSIBLE_LM_PER_WH = 380  # the limit of the cells
PLAUSIBLE_LM_PER_G = 28  # the limit of cooling
PLAUSIBLE_LM_PER_CELL = {
    "AAA": 90, "AA": 180, "D": 260, "CR2032": 12, "CR123A": 520, "10440": 240, "14500": 700,
    "16340": 800, "18350": 1200, "18650": 2200, "21700": 3400, "26650": 2800,
}  # fmt: skip
DIM_IS_THRIFTIER = 1.12
MAX_MOONLIGHT_H = 900  # the driver alone empties the cell in this time
COLOR_LM = {"Red": 0.06, "Red tail": 0.05, "UV 395 nm": 0.01, "Flame": 0.3, "Top spot": 0.4}
SHORT_REACH_M = 20
BLINKING = {"Strobe", "SOS", "Day flash", "Flash", "Red and blue flash"}
COLOR_EFFICACY = Span(38, 52)
LONG_H, SHORT_H = 10, 1


def light(
    kind: LightKind, *, battery: Battery, body_g: float, head_mm: int, draws: RandomDraws
) -> Light:
    share = draws.share()
    output = kind.output_lm.at(share)
    weight_g = body_g + battery.weight_g
    output = min(
        output, PLAUSIBLE_LM_PER_WH * battery.energy_wh, PLAUSIBLE_LM_PER_G * weight_g
    )  # the wanted output, limited by cells and body
    if battery.format in PLAUSIBLE_LM_PER_CELL:
        output = min(output, PLAUSIBLE_LM_PER_CELL[battery.format] * battery.count)
    output = rounded(output)
    throw = draws.within(kind.throw_cd_per_lm)
    glass_mm2 = math.pi * (head_mm / 2) ** 2
    peak_cd = round(rounded(max(1, min(output * throw, CD_PER_MM2 * glass_mm2))))
    efficacy = draws.within(kind.efficacy_lm_h_per_wh)
    return Light(
        modes=(
            *_levels(kind, output=output, energy_wh=battery.energy_wh, efficacy=efficacy),
            *_extras(kind, output=output, energy_wh=battery.energy_wh, draws=draws),
        ),
        peak_cd=peak_cd,
        beam_m=reach_m(peak_cd),
        emitter=draws.pick(kind.emitters),
        emitter_count=draws.pick(kind.emitter_count),
        head_mm=head_mm,
        ip=draws.pick(kind.ip),
        drop_m=draws.pick(kind.drop_m),
    )


def _levels(kind: LightKind, *, output: float, energy_wh: float, efficacy: float) -> list[Mode]:
    modes = []
    for step, part in enumerate(LEVEL_SHARES[len(kind.levels)]):
        level = rounded(output * part) if step else output
        level = max(level, 0.5)
        thrift = DIM_IS_THRIFTIER if step else 1
        hours = energy_wh * efficacy * thrift / level
        if hours > MAX_MOONLIGHT_H / 2:
            hours = 1 / (1 / hours + 1 / MAX_MOONLIGHT_H)
        modes.append(
            Mode(name=kind.levels[step], kind="level", output_lm=level, hours=timed(hours))
        )
    return modes


def _extras(kind: LightKind, *, output: float, energy_wh: float, draws: RandomDraws) -> list[Mode]:
    modes = []
    for name in kind.extras:
        if name in BLINKING:
            modes.append(Mode(name=name, kind="blink", output_lm=output, hours=None))
            continue
        level = max(1, rounded(output * COLOR_LM[name]))
        hours = energy_wh * draws.within(COLOR_EFFICACY) / level
        modes.append(Mode(name=name, kind="color", output_lm=level, hours=timed(hours)))
    return modes


def reach_m(peak_cd: float) -> float:
    distance = 2 * math.sqrt(peak_cd)
    return round(distance) if distance >= SHORT_REACH_M else round(distance, 1)


def rounded(number: float) -> float:
    """Round down to two digits, from 40 on to a second digit of 0 or 5, as makers print it."""
    if number < 1:
        return round(number, 1)
    size = math.pow(10, math.floor(math.log10(number)) - 1)
    step = max(size * (5 if number / size >= 40 else 1), 0.5)  # noqa: PLR2004
    result = math.floor(number / step) * step
    return round(result, 1)


def timed(hours: float) -> float:
    """Round down to the steps of FL 1: five minutes, quarter hours, or hours."""
    if hours >= LONG_H:
        return float(math.floor(hours))
    if hours >= SHORT_H:
        return math.floor(hours * 4) / 4
    return max(math.floor(hours * 12), 1) / 12
