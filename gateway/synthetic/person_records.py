"""`atmt.henkilo`: who the persons are, as the case system writes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from gateway.synthetic import dirt, names
from gateway.synthetic.columns import dates, digits, fixed_width, joined, lowered, picked
from gateway.synthetic.draws import Flags, Ints, stream, weighted
from gateway.synthetic.free_text import Identities, notes
from gateway.synthetic.identity_codes import identity_codes
from gateway.synthetic.people import WOMAN
from gateway.synthetic.world import World

# ISO 3166-1 alpha-2 and ISO 639-1, with weights; the last ones are rare on purpose.
NATIONALITIES = (
    ("EE", "et", 14.0), ("RU", "ru", 12.0), ("UA", "uk", 14.0), ("IQ", "ar", 8.0),
    ("SO", "so", 5.0), ("SY", "ar", 4.0), ("AF", "fa", 4.5), ("IR", "fa", 3.0),
    ("TH", "th", 3.0), ("VN", "vi", 2.5), ("CN", "zh", 2.5), ("IN", "hi", 4.0),
    ("PH", "tl", 2.5), ("TR", "tr", 2.5), ("SE", "sv", 2.0), ("PL", "pl", 1.5),
    ("RO", "ro", 1.5), ("LV", "lv", 1.2), ("DE", "de", 1.2), ("GB", "en", 1.2),
    ("NG", "en", 1.5), ("NP", "ne", 1.5), ("BD", "bn", 1.2), ("CD", "fr", 1.0),
    ("MM", "my", 0.6), ("PE", "es", 0.05), ("IS", "is", 0.04), ("FJ", "en", 0.01),
)  # fmt: skip
NO_NATIONALITY_SHARE = 0.005  # of those who are not Finnish citizens

# Education 0 … 8 of Kansallinen koulutusluokitus 2016, and not known.
EDUCATION = ("0", "1", "2", "3", "4", "5", "6", "7", "8", None)
EDUCATION_WEIGHTS = (0.5, 4.0, 22.0, 44.0, 1.5, 5.0, 11.0, 6.0, 0.5, 5.5)

OCCUPATIONS = (
    "1321", "1420", "2141", "2166", "2221", "2310", "2330", "2411", "2421", "2512", "2513", "2635",
    "3112", "3115", "3221", "3256", "3313", "3322", "3334", "3412", "3512", "4110", "4221", "4311",
    "4321", "5120", "5131", "5151", "5223", "5230", "5311", "5312", "5321", "5322", "5414", "6111",
    "6121", "6210", "7111", "7112", "7115", "7126", "7131", "7212", "7223", "7231", "7233", "7411",
    "7412", "7511", "8111", "8141", "8160", "8212", "8322", "8331", "8332", "8341", "8342", "8344",
    "9112", "9121", "9214", "9312", "9313", "9321", "9329", "9333", "9334", "9412", "9613", "9629",
)  # fmt: skip
# The national classification divides some groups by a fifth digit.
NATIONAL_OCCUPATIONS = tuple(f"{code}1" for code in OCCUPATIONS)
FIVE_DIGIT_SHARE = 0.2
OCCUPATION_MISSING_SHARE = 0.03
MAIL_DOMAIN = "@posti.invalid"  # RFC 2606
PHONE_PREFIX = "+35800"  # no Finnish number begins so


def draw_identities(world: World) -> Identities:
    """Names by sex, codes, telephone numbers, addresses of mail: one value per person."""
    persons, count = world.persons, len(world.persons)
    generator = stream(world.seed, "identities")
    given = generator.integers(0, len(names.MENS_NAMES), (2, count))
    given = given + len(names.MENS_NAMES) * (persons.sex == WOMAN)
    first = picked(names.GIVEN_NAMES, given[0])
    return Identities(
        surname=picked(names.SURNAMES, generator.integers(0, len(names.SURNAMES), count)),
        given=joined(first, " ", picked(names.GIVEN_NAMES, given[1])),
        code=identity_codes(persons.birth, persons.sex, generator),
        phone=joined(PHONE_PREFIX, _serial(8, count, generator)),
        mail=joined(lowered(first), ".", _serial(7, count, generator), MAIL_DOMAIN),
    )


def person_table(world: World, identities: Identities) -> pa.Table:
    """`atmt.henkilo`, a few rows of it twice."""
    persons, count = world.persons, len(world.persons)
    generator = stream(world.seed, "person records")
    nationality = _nationality(persons.foreign, generator)
    swedish = world.places.swedish[persons.place]
    written = generator.random(count) < dirt.PERSON_NOTE_SHARE
    occupation = generator.integers(0, len(OCCUPATIONS), count)
    occupation[generator.random(count) < FIVE_DIGIT_SHARE] += len(OCCUPATIONS)
    occupation[generator.random(count) < OCCUPATION_MISSING_SHARE] = -1
    table = pa.table(
        {
            "henkilo_id": persons.number,
            "henkilotunnus": identities.code,
            "sukunimi": identities.surname,
            "etunimet": identities.given,
            "katuosoite": _addresses(count, generator),
            "postinumero": _serial(5, count, generator),
            "puhelin": identities.phone,
            "sahkoposti": identities.mail,
            "syntymaaika": dates(persons.birth),
            "sukupuoli": picked(("1", "2"), persons.sex - 1),
            "kansalaisuus": picked(("FI", *(code for code, _, _ in NATIONALITIES)), nationality),
            "aidinkieli": _language(nationality, swedish, generator),
            "kotikunta": dirt.municipality_column(world),
            "koulutusaste": picked(EDUCATION, weighted(generator, EDUCATION_WEIGHTS, count)),
            "ammattikoodi": picked((*OCCUPATIONS, *NATIONAL_OCCUPATIONS), occupation),
            "lisatiedot": notes(identities, np.arange(count), written, generator),
        }
    )
    return dirt.with_repeats(table, dirt.REPEATED_PERSON_SHARE, generator)


def _nationality(foreign: Flags, generator: np.random.Generator) -> Ints:
    """0 Finland, 1 … the list, -1 not known."""
    weights: Sequence[float] = [weight for _, _, weight in NATIONALITIES]
    drawn = 1 + weighted(generator, weights, len(foreign))
    drawn[generator.random(len(foreign)) < NO_NATIONALITY_SHARE] = -1
    return np.where(foreign, drawn, 0)


def _language(nationality: Ints, swedish: Flags, generator: np.random.Generator) -> pa.Array:
    """The nationality's language; of Finns by the municipality, some with another."""
    languages = ("fi", *(language for _, language, _ in NATIONALITIES), "sv")
    last = len(languages) - 1
    draw = generator.random(len(nationality))
    finn = np.where(draw < np.where(swedish, 0.7, 0.03), last, 0)
    naturalised = (draw > 0.97) & (nationality == 0)
    finn[naturalised] = 1 + weighted(
        generator, [weight for _, _, weight in NATIONALITIES], int(naturalised.sum())
    )
    return picked(languages, np.where(nationality == 0, finn, nationality))


def _addresses(count: int, generator: np.random.Generator) -> pa.Array:
    street = picked(names.STREETS, generator.integers(0, len(names.STREETS), count))
    number = fixed_width(digits(generator.integers(1, 100, count), 2))
    stairs = picked(("A", "B", "C", "D"), generator.integers(0, 4, count))
    return joined(street, " ", number, " ", stairs)


def _serial(width: int, count: int, generator: np.random.Generator) -> pa.Array:
    return fixed_width(digits(generator.integers(0, 10**width, count), width))
