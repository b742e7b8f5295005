"""Search vocabulary: the phrases that a search understands, in both languages. Pure.

Phrases are compared by their stems, so "baş fənəri" also stands for "bas fenerlerinden".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from catalog.attributes.colors import COLOR_WORDS
from catalog.attributes.families import BUILT_IN, LIGHTS, Families, Family, FamilyKind
from catalog.search.filters import CHOICES, ProductFilter
from storefront.lib.text import fold

type Phrase = tuple[str, ...]  # stems

STOP_WORDS = frozenset({
    *("a", "an", "and", "are", "at", "be", "best", "buy", "can", "do", "find", "from", "good"),
    *("great", "i", "in", "is", "it", "led", "looking", "me", "most", "my", "need", "nice", "of"),
    *("on", "or", "over", "please", "price", "product", "quality", "show", "some", "that", "the"),
    *("this", "to", "under", "very", "want", "which", "your", "night", "dark", "outdoor"),
    *("runtime", "weight", "brightness", "lumens", "lumen"),
    *("ve", "ile", "ucun", "bir", "en", "cox", "daha", "olan", "ola", "bilen", "mene", "lazim"),
    *("lazimdir", "almaq", "axtariram", "isteyirem", "yaxsi", "keyfiyyetli", "qiymeti", "gece"),
    *("qaranliq", "hansi", "parlaqligi", "cekisi", "muddeti", "arasi", "arasinda", "olsun"),
    *("var", "varmi", "neceyedir", "gozel", "keyfiyyet", "qiymet", "qiymete"),
})  # fmt: skip
# Stop words that are part of phrases: "iş işığı", "in stock".
IN_PHRASES = frozenset({"is", "in"})
# The words after these describe the product that is named before them.
SEPARATORS = frozenset({"with", "for", "without", "plus"})

# Endings of English and Azerbaijani words, after ``fold``; longer ones first.
_ENDINGS = (
    *("siz", "suz", "lar", "ler", "dan", "den", "nin", "nun", "lik", "liq", "luk", "luq", "ing"),
    *("da", "de", "in", "un", "ni", "nu", "na", "ne", "si", "su", "ya", "ye", "yi", "yu"),
    *("li", "lu", "es", "s", "i", "u", "a", "e"),
)
MIN_STEM = 3  # letters that remain of a word


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Return a folded word without its endings; words with digits stay."""
    if not word.isalpha():
        return word
    while True:
        ending = next(
            (e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= MIN_STEM), ""
        )
        if not ending:
            return word
        word = word.removesuffix(ending)


def phrase_stem(word: str) -> str:
    """Return the stem of a folded word in the form that phrases are stored in.

    Before an ending, a final q becomes ğ and a final k becomes y: "işıq", "işığı".
    """
    stemmed = stem(word)
    return stemmed[:-1] + {"q": "g", "k": "y"}.get(stemmed[-1], stemmed[-1])


def _phrase(text: str) -> Phrase:
    words = fold(text).replace("-", " ").split()
    return tuple(phrase_stem(word) for word in words if word not in STOP_WORDS - IN_PHRASES)


def _phrases(texts: str) -> list[Phrase]:
    return [_phrase(text) for text in texts.split(", ")]


# Filters and sort orders


_FILTERS: Mapping[tuple[str, str], str] = {
    ("power", "built_in"): "built in battery, daxili batareya",
    ("power", "usb_c"): "usb-c, usbc, type-c, typec, usb type-c, tip-c, tayp si",
    **{("power", cell): cell for cell in ("14500", "18650", "21700", "26650")},
    ("power", "aaa"): "aaa, çeçələ batareya, kiçik batareyka",
    ("power", "aa"): "aa, barmaq batareya, barmaq batareyka",
    ("power", "cr123a"): "cr123a, cr123",
    ("power", "solar"): (
        "solar, solar powered, solar panel, günəş, günəş batareyası, günəş paneli, günəş enerjisi"
    ),
    ("power", "crank"): "hand crank, crank, dynamo, dinamo",
    ("water", "splash"): (
        "waterproof, water resistant, splashproof, rainproof, weatherproof, ipx4, ip44, ip54, ip64"
        ", suya davamlı, suya dözümlü, su buraxmayan, su keçirməyən, su keçirməz, sukeçirməz, yağış"
    ),
    ("water", "jets"): "ipx5, ipx6, ipx9, ipx9k, ip65, ip66, ip69, ip69k",
    (
        "water",
        "submersible",
    ): "submersible, underwater, ipx7, ipx8, ip67, ip68, sualtı, su altında, suda işləyən",
    ("features", "motion_sensor"): (
        "motion sensor, motion activated, wave sensor, sensor, hərəkət sensoru"
    ),
    ("features", "red_light"): "red light, red mode, night vision, qırmızı işıq",
    ("features", "magnet"): "magnetic, magnet, magnetic base, maqnit, maqnitli",
    ("features", "zoom"): "zoomable, zoom, zum, adjustable focus, fokuslanan",
    ("features", "clip"): "clip, pocket clip, belt clip, klips, sancaq",
    ("features", "hook"): "hook, hanging hook, qarmaq, asılqan",
    ("features", "dimming"): "dimmable, dimming, stepless, tənzimlənən, dimmer",
    ("features", "lockout"): "lockout, lock out",
    ("features", "power_bank"): "power bank, powerbank, charge phone, pauerbank, telefonu doldura",
    ("features", "battery_indicator"): "battery indicator, charge indicator, batareya göstəricisi",
    ("features", "high_cri"): "high cri, cri 90, cri90, cri 95, true color, yüksək cri",
    ("in_stock", "1"): "in stock, stokda, anbarda, mövcud",
}
_SORTS: Mapping[str, str] = {
    "lumens": (
        "brightest, bright, brighter, powerful, strongest, strong, max output, parlaq, güclü, gur"
        ", çox işıq verən, moşniy, moşnı"
    ),
    "price": (
        "cheap, cheapest, cheaper, affordable, budget, inexpensive, low cost, ucuz, sərfəli, münasib, büdcə, deşovı"
    ),
    "price_desc": "expensive, premium, high end, baha, bahalı",
    "weight": "lightest, lightweight, ultralight, lighter, yüngül, small, smallest, compact, tiny"
    ", mini, kiçik, balaca",
    "runtime": (
        "longest runtime, longest run time, long runtime, long run time, longest lasting"
        ", long lasting, longest battery life, long battery life, uzun müddət işləyən, uzun müddət yanan"
        ", uzun müddətli, uzun işləyən, uzunömürlü"
    ),
    "beam": (
        "longest beam, long beam, long range, longest range, long throw, longest throw, thrower"
        ", long distance, farthest, furthest, uzaq məsafəli, uzağa işıq salan, uzaq işıq, uzaq, uzaqvuran"
        ", uzağı işıqlandıran, uzun məsafəli"
    ),
    "newest": "newest, latest, new arrivals, yeni, təzə",
}
# Stems of a phrase -> field of ``ProductFilter`` and its value.
FILTERS: Mapping[Phrase, tuple[str, str]] = {
    **{phrase: ("sort", sort) for sort, texts in _SORTS.items() for phrase in _phrases(texts)},
    **{phrase: choice for choice, texts in _FILTERS.items() for phrase in _phrases(texts)},
}


# Search words that stand for attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """The attributes of the products that a phrase stands for.

    Products with the phrase in their text match as well.

    Shape:  a product has one of ``families`` and passes one of ``filters``; empty means any.
            ``text``: English words in its title. ``is_type``: the phrase names the product itself;
            ``is_use``: what the product is used for; ``is_filter``: a value of a filter
    """

    families: frozenset[str] = frozenset()
    filters: tuple[ProductFilter, ...] = ()
    text: tuple[str, ...] = ()
    is_type: bool = False
    is_use: bool = False
    is_filter: bool = False

    @property
    def is_in_title(self) -> bool:
        """Return whether only titles are searched: other texts mention further colors and types."""
        return self.is_type or bool(self.filters and not self.is_use)


def _range(low: int | None, high: int | None) -> tuple[Decimal | None, Decimal | None]:
    return None if low is None else Decimal(low), None if high is None else Decimal(high)


def _type(*families: str, text: str = "") -> Meaning:
    return Meaning(families=frozenset(families), text=tuple(text.split()), is_type=True)


def _use(*families: str, text: str = "", filters: tuple[ProductFilter, ...] = ()) -> Meaning:
    return Meaning(
        families=frozenset(families), filters=filters, text=tuple(text.split()), is_use=True
    )


_RED = ProductFilter(features=frozenset({"red_light"}))
_RAINPROOF = ProductFilter(water=frozenset({"splash"}))
_TYPES: Mapping[str, Meaning] = {
    "light, lamp, işıq, lampa, fənər, fanar, fonar, fonarik, fanarik, fənərcik": Meaning(
        families=LIGHTS, is_type=True
    ),
    (
        "headlamp, head lamp, headlight, head light, headtorch, head torch, baş fənəri, baş lampası"
        ", baş işığı, alın fənəri, alın lampası, alın işığı, başlıq fənəri, başa taxılan fənər"
        ", başa taxılan, başa bağlanan fənər, başa bağlanan, kaska fənəri, nalobnı fonar, nalobnik"
        ", nalobniy fonar"
    ): _type("headlamp"),
    (
        "flashlight, flash light, flashlite, torch, searchlight, spotlight, hand torch, hand lamp"
        ", handheld light, əl fənəri, əl lampası, əl işığı"
    ): _type("flashlight"),
    (
        "lantern, camping light, camping lamp, camp light, camp lamp, tent light, tent lamp, kamp fənəri"
        ", kamp lampası, kamp işığı, kempinq fənəri, kempinq lampası, düşərgə fənəri"
        ", düşərgə lampası, düşərgə işığı, çadır fənəri, çadır lampası, palatka fənəri, palatka lampası"
    ): _type("lantern"),
    (
        "work light, worklight, work lamp, inspection light, inspection lamp, floodlight, flood light"
        ", shop light, iş işığı, iş lampası, iş fənəri, işçi fənəri, projektor, prajektor, projektr"
        ", perenoska, qaraj lampası, usta fənəri"
    ): _type("work_light"),
    (
        "bike light, bike lamp, bike, bicycle light, bicycle lamp, bicycle, cycling light, cycle light"
        ", tail light, velosiped işığı, velosiped fənəri, velosiped lampası, velosiped"
        ", velosiped farası, velik, velik fənəri, velosiped fənəri"
    ): _type("bike_light"),
    (
        "battery, batteries, cell, accumulator, rechargeable battery, batareya, batareyka"
        ", akkumulyator, akumulyator, akkumlyator, akumlyator, akkumulator, akumlator"
    ): _type("battery"),
    (
        "charger, battery charger, cell charger, charging dock, doldurucu, batareya doldurucusu"
        ", şarj cihazı, şarj aləti, zaryadka, zaryadnik, adapter"
    ): _type("charger"),
    "accessory, accessories, spare part, aksesuar": _type("accessory"),
    "strap, headband, kəmər, bant": _type("accessory", text="strap"),
    "holster, pouch, kobura, qab": _type("accessory", text="holster pouch"),
    "case, hard case, çexol, qutu, futlyar": _type("accessory", text="case"),
    (
        "mount, bike mount, handlebar mount, holder, tutacaq, bərkitmə, bərkidici, kreplenie"
        ", derjatel"
    ): _type("accessory", text="mount holder"),
    "diffuser, diffusor, diffuzor, səpici": _type("accessory", text="diffuser"),
    "color filter, filter, filtr, süzgəc": _type("accessory", text="filter"),
}
_USES: Mapping[str, Meaning] = {
    (
        "dog walk, dog walking, walking dog, walk dog, dog, it gəzdirmək, it gəzdirən, it gəzintisi"
        ", itlə gəzinti, it gəzmək"
    ): _use(
        "headlamp",
        "flashlight",
        filters=(ProductFilter(lumens=_range(150, 1500), weight_g=_range(None, 160)),),
    ),
    (
        "camping, camp, campsite, kamp, kempinq, düşərgə, tent, çadır, palatka, piknik, turist"
        ", turizm"
    ): _use("lantern", "headlamp", text="camping lantern"),
    (
        "astronomy, stargazing, star gazing, telescope, astronomiya, ulduz, ulduzlara baxmaq, teleskop"
    ): _use("headlamp", "flashlight", "lantern", text="headlamp", filters=(_RED,)),
    ("fishing, night fishing, angling, balıq ovu, balıq tutmaq, balıqçılıq, balıqçı, balıq"): _use(
        "headlamp",
        filters=(ProductFilter(water=frozenset({"splash"}), features=_RED.features), _RAINPROOF),
    ),
    ("reading, read, book, reading in bed, bed, oxumaq, kitab, kitab oxumaq, mütaliə"): _use(
        "headlamp",
        "flashlight",
        filters=(ProductFilter(weight_g=_range(None, 80), lumens=_range(None, 350)),),
    ),
    ("running, run, jogging, jog, qaçış, qaçmaq, qaçan"): _use(
        "headlamp",
        text="running",
        filters=(ProductFilter(weight_g=_range(None, 90), water=_RAINPROOF.water),),
    ),
    (
        "hiking, hike, trekking, backpacking, mountaineering, climbing, yürüyüş, dağ, dağa çıxmaq"
        ", alpinizm, səyahət, travel, poxod, hayking"
    ): _use(
        "headlamp", filters=(ProductFilter(weight_g=_range(None, 160), lumens=_range(150, None)),)
    ),
    ("caving, cave, mağara"): _use(
        "headlamp", filters=(ProductFilter(lumens=_range(300, None), water=_RAINPROOF.water),)
    ),
    (
        "hunting, hunt, ov, ovçuluq, ovçu, search, searching, search and rescue, rescue, axtarış"
        ", xilasetmə"
    ): _use(
        "flashlight",
        "headlamp",
        text="long-range",
        filters=(ProductFilter(beam_m=_range(200, None)),),
    ),
    ("diving, dive, scuba, dalğıc, dalğıclıq, dayvinq, suya dalmaq"): _use(
        "flashlight", "headlamp", filters=(ProductFilter(water=frozenset({"submersible"})),)
    ),
    (
        "power cut, power outage, blackout, emergency, işıq kəsilməsi, işıq kəsiləndə, işıq sönəndə"
        ", işıq getdikdə, işıq gedəndə, işıq olmayanda, işıqlar sönəndə, elektrik kəsiləndə"
        ", elektrik kəsilməsi, elektrik gedəndə, elektrik olmayanda, cərəyan kəsiləndə"
        ", svet gedəndə, svet sönəndə, svet kəsiləndə, svet olmayanda, svet, fövqəladə hal"
        ", ev, ev üçün, bağ evi, həyət"
    ): _use("lantern"),
    ("car, vehicle, roadside, car emergency, avtomobil, maşın, avtomobil üçün, avto, baqaj"): _use(
        "work_light",
        "flashlight",
        filters=(
            ProductFilter(features=frozenset({"magnet"})),
            ProductFilter(power=frozenset({"usb_c"}), lumens=_range(300, None)),
        ),
    ),
    ("workshop, garage, mechanic, engine, repair, emalatxana, qaraj, usta, təmir"): _use(
        "work_light", text="work"
    ),
    ("keychain, key chain, keyring, key ring, açarlıq, açar"): _use(
        "flashlight", text="keychain", filters=(ProductFilter(weight_g=_range(None, 60)),)
    ),
    ("pocket, edc, everyday carry, cib"): _use(
        "flashlight", text="pocket everyday", filters=(ProductFilter(weight_g=_range(None, 120)),)
    ),
    "patrol, security, duty, mühafizə, polis, əsgər, hərbi, ordu, taktiki, tactical": _use(
        "flashlight", text="duty", filters=(ProductFilter(lumens=_range(800, None)),)
    ),
    "hands free, handsfree": _use("headlamp"),
    "kids, kid, child, children, uşaq": _use(
        "headlamp",
        "flashlight",
        filters=(ProductFilter(weight_g=_range(None, 80), lumens=_range(None, 300)),),
    ),
    (
        "rechargeable, rechargable, şarj olunan, doldurulan, şarjlı, zaryadlı, zaryad olunan"
        ", zaryadkalı, usb"
    ): Meaning(
        filters=(
            ProductFilter(power=frozenset({"usb_c"})),
            ProductFilter(power=frozenset({"built_in"})),
        )
    ),
}
# Words of titles and specifications, which are English.
_TRANSLATED: Mapping[str, str] = {
    "ultraviolet, ultrabənövşəyi, ultrafiolet, pul yoxlayan": "uv",
    "yaşıl işıq": "green",
    "mavi işıq, göy işıq": "blue",
    "arxa": "rear",
    "qabaq": "front",
    "qələm": "penlight",
    "stroboskop": "strobe",
}
MEANINGS: Mapping[Phrase, Meaning] = {
    **{
        phrase: Meaning(filters=(ProductFilter(color=frozenset({color})),))
        for color, words in COLOR_WORDS.items()
        for phrase in _phrases(words.replace(" ", ", "))
    },
    **{
        phrase: Meaning(text=(text,))
        for texts, text in _TRANSLATED.items()
        for phrase in _phrases(texts)
    },
    **{phrase: use for texts, use in _USES.items() for phrase in _phrases(texts)},
    **{phrase: kind for texts, kind in _TYPES.items() for phrase in _phrases(texts)},
}
# ``MEANINGS``, and the choices of filters as search words: products with the value, or with its name
# in the title.
ALL_MEANINGS: Mapping[Phrase, Meaning] = {
    **MEANINGS,
    **{
        phrase: Meaning(
            filters=(ProductFilter(**{code: frozenset({value})}),),  # type: ignore[arg-type]
            text=(value.replace("_", " "),),
            is_filter=True,
        )
        for phrase, (code, value) in FILTERS.items()
        if code in CHOICES
    },
}
MAX_PHRASE = max(map(len, ALL_MEANINGS))


def meanings_of(families: Families) -> Mapping[Phrase, Meaning]:
    """Return ``ALL_MEANINGS`` with the names and words of the families that staff added."""
    return _with_families(tuple(family for family in families if family.code not in BUILT_IN))


@lru_cache(maxsize=4)
def _with_families(families: tuple[Family, ...]) -> Mapping[Phrase, Meaning]:
    lights = {family.code for family in families if family.kind == FamilyKind.LIGHT}
    any_light = Meaning(families=LIGHTS | lights, is_type=True)
    return {
        phrase: any_light if meaning.families == LIGHTS and meaning.is_type else meaning
        for phrase, meaning in ALL_MEANINGS.items()
    } | {
        phrase: _type(family.code)
        for family in families
        for text in (*dict(family.names).values(), *family.words)
        if (phrase := _phrase(text.removesuffix("*"))) and len(phrase) <= MAX_PHRASE
    }


def _words(tables: Iterable[Iterable[str]]) -> frozenset[str]:
    texts = (text for table in tables for text in table)
    return frozenset(
        word for text in texts for word in fold(text).replace(",", " ").replace("-", " ").split()
    )


# All words of the phrases, as candidates for spelling correction.
WORDS = _words(
    (_FILTERS.values(), _SORTS.values(), _TYPES, _USES, _TRANSLATED, COLOR_WORDS.values())
)
