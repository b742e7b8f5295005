"""Product generator: generate one product from its number and the seed. Pure."""

from decimal import ROUND_HALF_UP, Decimal

from . import specifications
from .archetypes import AccessoryKind, LightKind, read_kinds
from .brands import BRANDS, Brand, word_of
from .identifiers import FIRST_BAD_SUBJECT, pid_of, spu_of
from .light_physics import light
from .model import Battery, Product, battery
from .randomness import RandomDraws, Span
from .variants import options, variants

FIRST_LISTED_S = 1_764_547_200
BETWEEN_LISTINGS_S = 25
NO_LIPO = Span(0, 0)
BAD_WORDS_FROM = 2_000_000
_FLASHLIGHTS = read_kinds(LightKind, "flashlights")
_HEADLAMPS = read_kinds(LightKind, "headlamps")
_OTHER_LIGHTS = ("lanterns", "work lights", "bike lights", "keychain lights")
_KINDS: tuple[LightKind | AccessoryKind, ...] = (
    *_FLASHLIGHTS,
    *_HEADLAMPS,
    *(kind for family in _OTHER_LIGHTS for kind in read_kinds(LightKind, family)),
    *_HEADLAMPS[:3],
    _HEADLAMPS[6],
    *_FLASHLIGHTS[:2],
    *read_kinds(AccessoryKind, "batteries"),
    *read_kinds(AccessoryKind, "accessories"),
)
# Some headlamps and flashlights occur twice: they sell most. The step spreads similar kinds; it is
# coprime to the length, so that each place occurs once.
KIND_SEQUENCE = tuple(_KINDS[place * 19 % len(_KINDS)] for place in range(len(_KINDS)))


def kind_of(subject: int) -> LightKind | AccessoryKind:
    return KIND_SEQUENCE[subject % FIRST_BAD_SUBJECT % len(KIND_SEQUENCE)]


def make(subject: int, *, seed: int) -> Product:
    kind, draws = kind_of(subject), RandomDraws(seed, subject)
    brand = draws.pick([brand for brand in BRANDS if kind.family in brand.families])
    if isinstance(kind, AccessoryKind):
        supply = draws.pick(kind.supplies) if kind.supplies else ""
        held = battery(supply, lipo_mah=NO_LIPO, draws=draws) if supply else None
        return _accessory(kind, subject=subject, seed=seed, brand=brand, cells=held, draws=draws)
    cells = battery(draws.pick(kind.supplies), lipo_mah=kind.lipo_mah, draws=draws)
    return _light(kind, subject=subject, seed=seed, brand=brand, cells=cells, draws=draws)


def _light(  # noqa: PLR0913 - the parts of a product
    kind: LightKind, *, subject: int, seed: int, brand: Brand, cells: Battery, draws: RandomDraws
) -> Product:
    body = draws.share()
    size = _size(kind, body)
    body_g = kind.body_g.at(body)
    shine = light(kind, battery=cells, body_g=body_g, head_mm=size[1], draws=draws)
    output = shine.levels[0].output_lm
    word = _word(subject)
    model = f"{word} {output:g}"
    option = draws.pick(kind.options) if not cells.is_built_in else draws.pick(_tints(kind))
    charging = _charging(kind, cells=cells, draws=draws)
    included = _included(cells, option=option, draws=draws)
    material = draws.pick(kind.materials)
    chosen = draws.some(kind.features, draws.whole(*kind.feature_count))
    features = (*kind.must_have, *(each for each in chosen if each not in kind.must_have))
    ccts = sorted({draws.pick(kind.ccts), draws.pick(kind.ccts), kind.ccts[0]}, reverse=True)
    if option == "Tint" and len(ccts) == 1:
        option = ""
    tints = tuple(f"{cct} K" for cct in ccts[:2])
    cct = " or ".join(tints) + ", see option" if option == "Tint" else f"{ccts[0]} K"
    mpn = f"{brand.code}-{_stem(word)}{output:g}"
    switch = draws.pick(kind.switch)
    net_g = round(body_g + (cells.weight_g if included != "No" else 0))
    weighed = round(body_g + (cells.weight_g if included == "Yes" else 0))
    basis = "with" if included == "Yes" else "without"
    specs = [
        ("Brand", brand.name),
        ("Model / MPN", mpn),
        *specifications.light_facts(
            kind, shine, cct=cct if ccts[0] else "", cri=draws.pick(kind.cris)
        ),
        ("Switch", {"dual": "tail and side"}.get(switch, switch)),
        *specifications.battery_facts(cells, included=included, charging=charging),
        ("Weight", f"{weighed} g ({basis} battery)"),
        *_size_facts(kind, size),
        ("Material", material),
        ("Features", ", ".join(features)),
        *specifications.manufacturer_facts(brand),
    ]
    range_lm = kind.output_lm.most - kind.output_lm.least
    position = min(max((output - kind.output_lm.least) / range_lm, 0), 1)
    cost = _money(kind.price_usd.at(position * 0.7 + draws.share() * 0.3) * brand.price_factor)
    ends = (charging,) if charging != "None" else ()
    axis = options(kind, option=option, tints=tints, material=material, draws=draws)
    return Product(
        subject=subject, pid=pid_of(seed, subject), spu=spu_of(subject), kind=kind.code,
        family=kind.family, category=kind.category, shape=kind.shape, noun=kind.noun, brand=brand,
        model=model, mpn=mpn,
        title=", ".join((f"{brand.name} {model} {kind.noun}", f"{output:g} lm", *ends)),
        lead=specifications.lead(kind, brand=brand, draws=draws), light=shine, battery=cells,
        charging=charging, material=material, features=features, size_mm=size, specs=tuple(specs),
        option_names=axis.names,
        variants=variants(
            axis, subject=subject, seed=seed, mpn=mpn, cost=cost, net_g=net_g, cells=cells,
            included=included, draws=draws,
        ),
        hs_code=kind.hs_code, listed_s=_listed(subject), listed_count=draws.whole(0, 900),
    )  # fmt: skip


def _accessory(  # noqa: PLR0913 - the parts of a product
    kind: AccessoryKind,
    *,
    subject: int,
    seed: int,
    brand: Brand,
    cells: Battery | None,
    draws: RandomDraws,
) -> Product:
    size = _size(kind, draws.share())
    word = _word(subject)
    number = cells.capacity_mah if cells else size[1]
    model, mpn = f"{word} {number}", f"{brand.code}-{_stem(word)}{number}"
    material = draws.pick(kind.materials)
    net_g = round(draws.within(kind.weight_g))
    specs = [
        ("Brand", brand.name),
        ("Model / MPN", mpn),
        *((label, draws.pick(values)) for label, values in kind.facts),
        *(
            specifications.battery_facts(cells, included="", charging="In a charger")
            if cells
            else ()
        ),
        ("Weight", f"{net_g} g"),
        ("Dimensions", " × ".join(str(side) for side in size) + " mm"),
        ("Material", material),
        *specifications.manufacturer_facts(brand),
    ]
    cost = _money(draws.within(kind.price_usd) * brand.price_factor)
    axis = options(
        kind, option="Pack" if kind.packs else "", tints=(), material=material, draws=draws
    )
    return Product(
        subject=subject, pid=pid_of(seed, subject), spu=spu_of(subject), kind=kind.code,
        family=kind.family, category=kind.category, shape=kind.shape, noun=kind.noun, brand=brand,
        model=model, mpn=mpn, title=f"{brand.name} {model} {kind.noun}",
        lead=specifications.lead(kind, brand=brand, draws=draws),
        light=None,
        battery=cells,
        charging="None",
        material=material, features=(), size_mm=size, specs=tuple(specs), option_names=axis.names,
        variants=variants(
            axis, subject=subject, seed=seed, mpn=mpn, cost=cost, net_g=net_g, cells=cells,
            included="Yes" if cells else "No", draws=draws,
        ),
        hs_code=kind.hs_code, listed_s=_listed(subject), listed_count=draws.whole(0, 900),
    )  # fmt: skip


def _tints(kind: LightKind) -> tuple[str, ...]:
    """Return the options of a light with a built-in cell: all but the battery."""
    return tuple(option for option in kind.options if option != "Battery") or ("",)


def _charging(kind: LightKind, *, cells: Battery, draws: RandomDraws) -> str:
    if not cells.is_rechargeable:
        return "None"
    chosen = draws.pick(kind.charging)
    return chosen if chosen != "None" else "In a charger"


def _included(cells: Battery, *, option: str, draws: RandomDraws) -> str:
    if option == "Battery":
        return "See option"
    if cells.is_built_in or draws.chance(0.7 if cells.is_rechargeable else 0.45):
        return "Yes"
    return "No"


def _size(kind: LightKind | AccessoryKind, share: float) -> tuple[int, int, int]:
    width = round(kind.width_mm.at(share))
    height = round(kind.height_mm.at(share)) if kind.height_mm else width
    return round(kind.length_mm.at(share)), width, height


def _size_facts(kind: LightKind, size: tuple[int, int, int]) -> list[tuple[str, str]]:
    length, width, height = size
    facts = [("Dimensions", f"{length} × {width} × {height} mm")]
    if kind.height_mm is None:
        facts += [("Length", f"{length} mm"), ("Head diameter", f"{width} mm")]
    return facts


def _word(subject: int) -> str:
    """Return the word in the model name; good products and bad records never share one."""
    return (
        word_of(subject)
        if subject < FIRST_BAD_SUBJECT
        else word_of(BAD_WORDS_FROM + subject - FIRST_BAD_SUBJECT)
    )


def _stem(word: str) -> str:
    return "".join(part[:3].upper() for part in word.split())


def _listed(subject: int) -> int:
    return FIRST_LISTED_S + subject % FIRST_BAD_SUBJECT * BETWEEN_LISTINGS_S


def _money(amount: float) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_UP)
