"""Codes of the journal in words; what has no words is told as its code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.model.entry import EntryKind, Outcome
from gateway.model.label import Label
from gateway.model.ruling import Action

KINDS: Mapping[EntryKind, Label] = MappingProxyType(
    {
        EntryKind.INTENT: Label("Luovutus alkaa", "Utlämning börjar", "Delivery begins"),
        EntryKind.COMPLETION: Label("Luovutus päättyy", "Utlämning slutar", "Delivery ends"),
        EntryKind.DENIED: Label("Pyyntö evätty", "Begäran avslagen", "Request refused"),
        EntryKind.LIMITED: Label("Raja ylitetty", "Gräns överskriden", "Beyond a limit"),
        EntryKind.AUTH_FAILED: Label(
            "Epäonnistuneita tunnistuksia", "Misslyckade identifieringar", "Failed authentication"
        ),
        EntryKind.SESSION_BEGAN: Label("Kirjautuminen", "Inloggning", "Login"),
        EntryKind.SESSION_ENDED: Label("Uloskirjautuminen", "Utloggning", "Logout"),
        EntryKind.JOURNAL_READ: Label("Lokia luettu", "Loggen läst", "Journal read"),
        EntryKind.JOURNAL_EXPORTED: Label("Loki viety", "Loggen exporterad", "Journal exported"),
        EntryKind.JOURNAL_SEARCHED: Label(
            "Lokia haettu koneella", "Loggen sökt på maskinen", "Journal searched on the machine"
        ),
        EntryKind.JOURNAL_PRUNED: Label(
            "Vanhentuneet sisällöt poistettu",
            "Utgånget innehåll borttaget",
            "Expired contents removed",
        ),
        EntryKind.HOLD_MADE: Label("Säilytys määrätty", "Bevarande beslutat", "Hold made"),
        EntryKind.HOLD_LIFTED: Label("Säilytys purettu", "Bevarande upphävt", "Hold lifted"),
        EntryKind.POLICY_LOADED: Label("Säännöt ladattu", "Regler laddade", "Policies loaded"),
        EntryKind.RELEASE_PUBLISHED: Label(
            "Julkaisu julkaistu", "Utgåva publicerad", "Release published"
        ),
        EntryKind.RELEASE_EXPIRED: Label(
            "Julkaisu vanhentunut", "Utgåva utgången", "Release expired"
        ),
        EntryKind.RECOVERY: Label("Toipuminen", "Återställning", "Recovery"),
        EntryKind.PSEUDONYM_ROTATED: Label(
            "Pseudonyymit vaihdettu", "Pseudonymer bytta", "Pseudonyms rotated"
        ),
        EntryKind.PSEUDONYM_CROSSWALK: Label(
            "Pseudonyymien vastaavuudet", "Pseudonymernas motsvarigheter", "Pseudonyms mapped"
        ),
        EntryKind.PSEUDONYM_REFUSED: Label(
            "Pseudonyymipyyntö evätty", "Pseudonymbegäran avslagen", "Pseudonym request refused"
        ),
        EntryKind.REIDENTIFICATION_REQUESTED: Label(
            "Tunnistamista pyydetty", "Återidentifiering begärd", "Re-identification asked for"
        ),
        EntryKind.REIDENTIFICATION_APPROVED: Label(
            "Tunnistaminen hyväksytty", "Återidentifiering godkänd", "Re-identification approved"
        ),
        EntryKind.REIDENTIFICATION_ANSWERED: Label(
            "Tunnistamiseen vastattu", "Återidentifiering besvarad", "Re-identification answered"
        ),
        EntryKind.SUBJECT_REQUESTED: Label(
            "Rekisteröidyn vastausta pyydetty",
            "Svar till registrerad begärt",
            "Data subject's answer asked for",
        ),
        EntryKind.SUBJECT_APPROVED: Label(
            "Rekisteröidyn vastaus hyväksytty",
            "Svar till registrerad godkänt",
            "Data subject's answer approved",
        ),
        EntryKind.SUBJECT_ANSWERED: Label(
            "Rekisteröidylle vastattu", "Registrerad har fått svar", "Data subject answered"
        ),
        EntryKind.SUBJECT_REFUSED: Label(
            "Rekisteröidyn vastaus evätty",
            "Svar till registrerad avslaget",
            "Data subject's answer refused",
        ),
        EntryKind.KEY_CREATED: Label("Avain luotu", "Nyckel skapad", "Key created"),
        EntryKind.KEY_ROTATED: Label("Avain vaihdettu", "Nyckel bytt", "Key rotated"),
        EntryKind.KEY_REVOKED: Label("Avain suljettu", "Nyckel spärrad", "Key revoked"),
    }
)

OUTCOMES: Mapping[Outcome, Label] = MappingProxyType(
    {
        Outcome.COMPLETE: Label("Luovutettu kokonaan", "Utlämnad helt", "Delivered whole"),
        Outcome.NOT_MODIFIED: Label(
            "Ei muuttunut (304)", "Inte ändrad (304)", "Not modified (304)"
        ),
        Outcome.CLIENT_ABORT: Label("Asiakas keskeytti", "Klienten avbröt", "Client aborted"),
        Outcome.SERVER_ERROR: Label("Palvelimen virhe", "Serverfel", "Server error"),
        Outcome.TIMEOUT: Label("Aika loppui", "Tiden tog slut", "Timed out"),
        Outcome.UNKNOWN: Label(
            "Ei tiedossa: pidettävä luovutettuna",
            "Okänt: räknas som utlämnad",
            "Unknown: treat as disclosed",
        ),
    }
)

ACTIONS: Mapping[Action, Label] = MappingProxyType(
    {
        Action.LIST: Label("tuotteen näkeminen", "se produkten", "know of a product"),
        Action.READ_ROWS: Label("rivien luku", "läsa rader", "read rows"),
        Action.READ_CUBE: Label("kuution luku", "läsa kub", "read a cube"),
        Action.READ_JOURNAL: Label("lokin luku", "läsa loggen", "read the journal"),
        Action.MANAGE_KEYS: Label("avainten hallinta", "hantera nycklar", "manage keys"),
    }
)

# What to give instead, by the parameter that was refused.
REMEDIES: Mapping[str, Label] = MappingProxyType(
    {
        "since": Label(
            "Anna päivä muodossa 2026-06-30.",
            "Ange en dag som 2026-06-30.",
            "Give a day like 2026-06-30.",
        ),
        "until": Label(
            "Anna päivä muodossa 2026-06-30, aikaisintaan alkupäivä ja niin, ettei aikaväli ole liian pitkä "
            "(kaavioissa enintään 62 päivää).",
            "Ange en dag som 2026-06-30, tidigast den första dagen och så att perioden inte är för lång "
            "(högst 62 dagar i diagrammen).",
            "Give a day like 2026-06-30 that is not before the first day, and not too long after it (62 days at "
            "most in the charts).",
        ),
        "day": Label(
            "Anna päivä muodossa 2026-06-30.",
            "Ange en dag som 2026-06-30.",
            "Give a day like 2026-06-30.",
        ),
        "organisation": Label(
            "Anna rekisterikoodi, esimerkiksi KU837.",
            "Ange en registerkod, till exempel KU837.",
            "Give a registry code like KU837.",
        ),
        "client": Label(
            "Anna asiakkaan tunnus; ei koskaan henkilötunnusta.",
            "Ange klientens id; aldrig en personbeteckning.",
            "Give a client id; never a personal identity code.",
        ),
        "subject": Label(
            "Anna käyttäjän tunnus; ei koskaan henkilötunnusta.",
            "Ange användarens id; aldrig en personbeteckning.",
            "Give a user id; never a personal identity code.",
        ),
        "issuer": Label(
            "Anna merkinnän iss yhdessä käyttäjän, asiakkaan tai organisaation kanssa.",
            "Ange en posts iss tillsammans med användare, klient eller organisation.",
            "Give the iss of an entry beside a user, client or organisation.",
        ),
        "release": Label(
            "Anna julkaisun tunnus, esimerkiksi 2026-06-30.1.",
            "Ange en utgåvas id, till exempel 2026-06-30.1.",
            "Give a release id like 2026-06-30.1.",
        ),
        "case_ref": Label(
            "Anna asianumero, esimerkiksi KEHA/123/2026.",
            "Ange ett ärendenummer, till exempel KEHA/123/2026.",
            "Give a case number like KEHA/123/2026.",
        ),
        "refusal": Label(
            "Anna ongelman koodi, esimerkiksi role_missing.",
            "Ange ett problems kod, till exempel role_missing.",
            "Give a code of a problem, like role_missing.",
        ),
    }
)
OTHER_REMEDY = Label(
    "Valitse jokin tarjotuista arvoista.",
    "Välj något av de erbjudna värdena.",
    "Choose one of the values that are offered.",
)
