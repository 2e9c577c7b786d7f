"""The sentences of a data subject's answer, in the three languages of the service."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.model.label import Label

HEADING = Label(
    "Kenelle tietojani on luovutettu",
    "Till vem mina uppgifter har lämnats ut",
    "To whom my data was given",
)
CASE = Label("Asia", "Ärende", "Case")
PERIOD = Label("Aika", "Period", "Period")
MADE = Label("Laadittu", "Upprättat", "Made")
SCOPE = Label(
    "Vastaus koskee pseudonymisoituja rivejä, joita tietojen jakelupalvelu on luovuttanut. Niissä ei ole "
    "nimeä eikä henkilötunnusta. Tilastoissa ei ole rivejä yksittäisistä ihmisistä. Vastauksessa kerrotaan, "
    "mille organisaatiolle, milloin ja mihin tarkoitukseen tietoja luovutettiin (EU 2016/679, 15 artikla), "
    "mutta ei sitä, kuka organisaatiossa ne haki.",
    "Svaret gäller pseudonymiserade rader som tjänsten för datadistribution har lämnat ut. De innehåller "
    "varken namn eller personbeteckning. Statistiken har inga rader om enskilda människor. Här berättas till "
    "vilken organisation, när och för vilket ändamål uppgifter har lämnats ut (EU 2016/679, artikel 15), men "
    "inte vem i organisationen som hämtade dem.",
    "This answer is about the pseudonymised rows that the data distribution service has handed out. They have "
    "neither a name nor a personal identity code. Statistics have no rows about single people. It tells to which "
    "organisation, when and for which purpose data was given (EU 2016/679, Article 15), not who in the "
    "organisation fetched it.",
)
DELIVERIES = Label("Luovutukset", "Utlämnanden", "Deliveries")
NO_DELIVERIES = Label(
    "Ei löytynyt luovutusta, jossa olisi ollut rivejä sinusta.",
    "Inget utlämnande med rader om dig hittades.",
    "No delivery was found that had rows about you.",
)
NOT_IN_REGISTER = Label(
    "Huomaa: rekisterissä ei ollut tätä henkilöä yhdenkään tarkastetun julkaisun päivänä. Tarkista, että "
    "tunniste on oikea.",
    "Observera: registret hade inte denna person på dagen för någon av de granskade utgåvorna. Kontrollera "
    "att identifieraren är rätt.",
    "Note: the register did not have this person on the day of any release that was looked into. Check that "
    "the identifier is right.",
)
RELEASE = Label("Julkaisu", "Utgåva", "Release")
CONTRACT = Label("Tietotuotteen versio", "Dataproduktens version", "Version of the data product")
AS_OF = Label("Tiedot päivältä", "Uppgifterna är från", "Data of")
AREA = Label("Alue", "Område", "Area")
RECIPIENT = Label("Saaja", "Mottagare", "Recipient")
PURPOSE = Label("Käyttötarkoitus", "Ändamål", "Purpose")
LEGAL_BASIS = Label("Oikeusperuste", "Rättslig grund", "Legal basis")
DATES = Label("Päivät", "Dagar", "Dates")
UNSAID = Label("ei kirjattu", "inte antecknat", "not entered")
UNANSWERED = Label("Mihin ei voida vastata", "Vad som inte kan besvaras", "What cannot be answered")
UNANSWERED_MEANS = Label(
    "Näistä ei voida sanoa, luovutettiinko tietojasi vai ei.",
    "Om dessa kan inte sägas om dina uppgifter lämnades ut eller inte.",
    "Of these it cannot be said whether your data was given or not.",
)

DISCLOSURES: Mapping[str, Label] = MappingProxyType(
    {
        "disclosed": Label("luovutettu", "utlämnat", "given"),
        "possible": Label(
            "mahdollisesti luovutettu (ei voida ratkaista, oliko rivisi mukana)",
            "möjligen utlämnat (det kan inte avgöras om din rad var med)",
            "possibly given (it cannot be decided whether your row was in it)",
        ),
    }
)
OUTCOMES: Mapping[str, Label] = MappingProxyType(
    {
        "complete": Label("siirto päättyi", "överföringen slutfördes", "the transfer ended"),
        "partial": Label(
            "vain osa siirtyi", "bara en del överfördes", "only a part was transferred"
        ),
        "unknown": Label(
            "siirron loppu ei ole tiedossa; pidetään luovutettuna",
            "överföringens slut är okänt; räknas som utlämnat",
            "the end of the transfer is not known; counts as given",
        ),
    }
)
REASONS: Mapping[str, Label] = MappingProxyType(
    {
        "release_not_kept": Label(
            "Julkaisua ei enää säilytetä.",
            "Utgåvan bevaras inte längre.",
            "The release is no longer kept.",
        ),
        "release_damaged": Label(
            "Julkaisu on vaurioitunut.", "Utgåvan är skadad.", "The release is damaged."
        ),
        "contract_gone": Label(
            "Tietotuotetta ei enää ole, eikä sen pseudonyymeja voida laskea.",
            "Dataprodukten finns inte längre, och dess pseudonymer kan inte räknas ut.",
            "The data product is gone, and its pseudonyms cannot be recomputed.",
        ),
        "key_gone": Label(
            "Avainta, jolla julkaisun pseudonyymit tehtiin, ei enää ole.",
            "Nyckeln som utgåvans pseudonymer gjordes med finns inte längre.",
            "The key that made the release's pseudonyms is gone.",
        ),
        "entries_expired": Label(
            "Käyttölokin merkintöjen säilytysaika on päättynyt.",
            "Bevaringstiden för åtkomstloggens poster har löpt ut.",
            "The access log's entries have expired.",
        ),
        "before_journal": Label(
            "Käyttölokia ei ole ajalta ennen sen ensimmäistä merkintää.",
            "Det finns ingen åtkomstlogg från tiden före dess första post.",
            "There is no access log of the time before its first entry.",
        ),
    }
)
