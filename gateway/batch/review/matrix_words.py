"""The words of the policy matrix in Finnish and Swedish, for a reader who is no engineer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.batch.review.matrix import Token
from gateway.model.label import Label
from gateway.model.product import ProductKind


@dataclass(frozen=True, slots=True)
class Words:
    """One language. headings: of the table's columns. answers: permitted, refused, unseen, no area."""

    title: str
    made_by: str
    legend_heading: str
    legend: tuple[str, ...]
    products: str
    imagined: str
    imagined_note: str
    journal: str
    headings: tuple[str, str, str, str, str, str]
    journal_headings: tuple[str, str, str, str]
    yes: str
    no: str
    unseen: str
    no_area: str
    only_with: str
    and_also: str
    or_else: str
    all_roles: str
    no_role: str
    other_roles: str
    other_roles_and_none: str
    kinds: Mapping[ProductKind, str]
    tokens: Mapping[Token, str]
    policies: str
    policy_headings: tuple[str, str, str, str]
    permits: str
    forbids: str
    switches: str
    switch_on: str
    switch_off: str


# What no policy decided: nothing is allowed that no policy permits.
DEFAULT_DENY_TITLE = Label(
    "Mikään sääntö ei salli", "Ingen regel tillåter", "No policy permits this"
)

SWITCH_TITLES = {
    "tem_access": Label(
        "ministeriö saa lukea tilastokuutioita",
        "ministeriet får läsa statistikkuber",
        "the ministry may read cubes",
    ),
    "koto_worker_employment_products": Label(
        "kotoutumistyöntekijä saa käyttää erillislupaa työllisyyspalvelujen tuotteisiin",
        "en integrationsarbetare får använda ett särskilt tillstånd till sysselsättningstjänsternas "
        "produkter",
        "an integration worker may use a separate grant to employment-service products",
    ),
}

FINNISH = Words(
    title="Kuka saa mitä: käyttöoikeusmatriisi",
    made_by=(
        "Tämä tiedosto on laskettu säännöistä (`policies/*.cedar`, `roles.yaml`) ja tuotteista "
        "(`products/`). Sitä ei muuteta käsin: `jakelu policy matrix --write` laskee sen uudelleen."
    ),
    legend_heading="Näin luet",
    legend=(
        (
            "**✔ saa**: luovutetaan. **✘ ei saa**: torjutaan ja syy kerrotaan. "
            "**∅ ei näy**: vastataan kuin tuotetta ei olisi."
        ),
        "**◐ vain kytkimellä**: saa vain, kun nimetty kytkin on päällä; muuten ei saa.",
        (
            "**Oma alue**: pyydetty työllisyysalue kuuluu organisaatioon. **Muu alue**: ei kuulu. "
            "**Koko maa**: pyyntö ei nimeä aluetta; kuutiot pyydetään aina näin. "
            "**–**: organisaatiolla ei ole aluetta."
        ),
        (
            "Roolin perässä on sen koodi. `A + B` tarkoittaa, että samalla henkilöllä on molemmat roolit. "
            "Rooli on voimassa; päättynyt rooli on sama kuin ei roolia."
        ),
        (
            "Matriisi olettaa, että tilaus ja lähteiden tietoluvat ovat voimassa. Jos jokin niistä "
            "puuttuu tai on päättynyt, muuta kuin julkista tuotetta ei saa kukaan."
        ),
        (
            "Jokainen vastaus on sääntömoottorin oma. Rivit, joilla vastaukset ovat samat, on yhdistetty. "
            "Peruste on luvan antava sääntö tai se kielto, jonka kutsuja kuulee."
        ),
    ),
    products="Tuotteet",
    imagined="Tuotelajit, joista ei vielä ole tuotetta",
    imagined_note=(
        "Nämä on kuviteltu tarkoituksella huolimattomiksi: vastaanottajina ovat kaikki "
        "organisaatiotyypit, joten vain säännöt rajaavat."
    ),
    journal="Käyttöloki",
    headings=("Organisaatio", "Rooli", "Oma alue", "Muu alue", "Koko maa", "Peruste"),
    journal_headings=("Organisaatio", "Rooli", "Lukee käyttölokia", "Peruste"),
    yes="✔ saa",
    no="✘ ei saa",
    unseen="∅ ei näy",
    no_area="–",
    only_with="◐ vain kytkimellä",
    and_also="ja",
    or_else="tai",
    all_roles="kaikki roolit, myös ilman roolia",
    no_role="ilman roolia",
    other_roles="muut roolit",
    other_roles_and_none="muut roolit, myös ilman roolia",
    kinds={ProductKind.ROWS: "raakadata", ProductKind.CUBE: "tilastokuutio"},
    tokens={
        Token.UNBOUND: "kun valtuutta ei ole sidottu lähettäjään",
        Token.BOUND: "kun valtuus on sidottu lähettäjän avaimeen tai varmenteeseen",
        Token.NO_TAG: "kun kutsujalla ei ole asiantuntijatägiä",
        Token.OWN_TAG: "kun kutsujalla on asiantuntijatägi, ja saa vain sen rivit",
    },
    policies="Säännöt",
    policy_headings=("Tunnus", "Vaikutus", "Sääntö", "Peruste laissa"),
    permits="sallii",
    forbids="kieltää",
    switches="Kytkimet nyt",
    switch_on="on päällä",
    switch_off="on pois päältä",
)

SWEDISH = Words(
    title="Vem får vad: behörighetsmatris",
    made_by=(
        "Den här filen har räknats ur reglerna (`policies/*.cedar`, `roles.yaml`) och produkterna "
        "(`products/`). Den ändras inte för hand: `jakelu policy matrix --write` räknar om den."
    ),
    legend_heading="Så läser du",
    legend=(
        (
            "**✔ får**: lämnas ut. **✘ får inte**: avslås och orsaken berättas. "
            "**∅ syns inte**: svaret är som om produkten inte fanns."
        ),
        "**◐ endast med omkopplaren**: får endast när den nämnda omkopplaren är på, annars inte.",
        (
            "**Eget område**: det begärda sysselsättningsområdet hör till organisationen. "
            "**Annat område**: det gör det inte. **Hela landet**: begäran nämner inget område; kuber "
            "begärs alltid så. **–**: organisationen har inget område."
        ),
        (
            "Efter rollen står dess kod. `A + B` betyder att samma person har båda rollerna. "
            "Rollen är giltig; en roll som har upphört är detsamma som ingen roll."
        ),
        (
            "Matrisen antar att beställningen och källornas datatillstånd är i kraft. Om något av dem "
            "saknas eller har upphört får ingen någon annan produkt än en offentlig."
        ),
        (
            "Varje svar är regelmotorns eget. Rader med samma svar har slagits samman. Grunden är den "
            "regel som tillåter eller det förbud som anroparen får höra."
        ),
    ),
    products="Produkter",
    imagined="Slag av produkter som ännu inte finns",
    imagined_note=(
        "Dessa är med avsikt vårdslöst tänkta: mottagare är alla typer av organisationer, så att "
        "endast reglerna begränsar."
    ),
    journal="Användningsloggen",
    headings=("Organisation", "Roll", "Eget område", "Annat område", "Hela landet", "Grund"),
    journal_headings=("Organisation", "Roll", "Läser användningsloggen", "Grund"),
    yes="✔ får",
    no="✘ får inte",
    unseen="∅ syns inte",
    no_area="–",
    only_with="◐ endast med omkopplaren",
    and_also="och",
    or_else="eller",
    all_roles="alla roller, även utan roll",
    no_role="utan roll",
    other_roles="övriga roller",
    other_roles_and_none="övriga roller, även utan roll",
    kinds={ProductKind.ROWS: "rådata", ProductKind.CUBE: "statistikkub"},
    tokens={
        Token.UNBOUND: "när token inte är bunden till avsändaren",
        Token.BOUND: "när token är bunden till avsändarens nyckel eller certifikat",
        Token.NO_TAG: "när anroparen saknar experttagg",
        Token.OWN_TAG: "när anroparen har en experttagg, och får endast dess rader",
    },
    policies="Reglerna",
    policy_headings=("Id", "Verkan", "Regel", "Grund i lag"),
    permits="tillåter",
    forbids="förbjuder",
    switches="Omkopplarna nu",
    switch_on="är på",
    switch_off="är av",
)

WORDS = {"fi": FINNISH, "sv": SWEDISH}
