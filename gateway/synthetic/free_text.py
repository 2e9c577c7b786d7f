"""Free text as case workers write it: with the client's name, number and troubles in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gateway.synthetic.columns import joined, picked
from gateway.synthetic.draws import Flags, Ints

PHRASES = (
    "vaikea perhetilanne, soitetaan uudelleen ensi viikolla",
    "odottaa leikkausaikaa, työkykyä ei vielä arvioitu",
    "velkaneuvonta kesken, palkanulosmittaus alkanut",
    "ei halua edellisen työnantajan saavan tietoa hakemuksesta",
    "lapsen sairaus rajoittaa iltavuoroja",
    "epäilee syrjintää rekrytoinnissa, selvitetään",
    "kertoi päihdekuntoutuksen päättyneen hyvin",
    "kaipaa tukea työhakemusten kirjoittamiseen",
    "ajokortti vanhentunut, hakee uutta",
    "haluaa vaihtaa alaa hoitotyöstä logistiikkaan",
)
_HOLES = 3


@dataclass(frozen=True, slots=True)
class Identities:
    """What would tell who a person is, as text columns of one value per person."""

    surname: pa.Array
    given: pa.Array
    code: pa.Array
    phone: pa.Array
    mail: pa.Array


def notes(
    identities: Identities, person: Ints, written: Flags, generator: np.random.Generator
) -> pa.Array:
    """One note per row where `written`, else null. person: (n) index into the identities."""
    rows = np.flatnonzero(written)
    index = pa.array(person[rows])
    surname, given = identities.surname.take(index), identities.given.take(index)
    phone, code = identities.phone.take(index), identities.code.take(index)
    phrase = picked(PHRASES, generator.integers(0, len(PHRASES), len(rows)))
    variants = (
        joined("Asiakas ", given, " ", surname, ", puh. ", phone, ": ", phrase),
        joined(surname, " ", given, " (", code, ") kertoi: ", phrase),
        joined("Puoliso ", surname, " vastasi numerossa ", phone, "; ", phrase),
    )
    form = generator.integers(0, _HOLES, len(rows))
    texts = pa.concat_arrays(variants).take(pa.array(form * len(rows) + np.arange(len(rows))))
    place = np.full(len(person), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    return picked(texts, place)
