"""The words of the auditor's pages in the three languages of the service (kielilaki 423/2003)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.model.label import Label

TEXTS: Mapping[str, Label] = MappingProxyType(
    {
        "audit": Label("Luovutusloki", "Utlämningsloggen", "The journal"),
        "views": Label("Lokin näkymät", "Loggens vyer", "Views of the journal"),
        "search": Label("Merkinnät", "Poster", "Entries"),
        "client_day": Label("Asiakkaan päivä", "En klients dag", "A client's day"),
        "deliveries": Label("Luovutukset päivittäin", "Utlämningar per dag", "Deliveries by day"),
        "own": Label("Omat tiedot", "Mina uppgifter", "You and your access"),
        "status": Label("Lokin tila", "Loggens tillstånd", "State of the journal"),
        "good": Label("Kunnossa", "I sin ordning", "In order"),
        "care": Label("Huomio", "Observera", "Take care"),
        "alarm": Label("HÄLYTYS", "LARM", "ALARM"),
        "status_witnessed": Label(
            "Ulkopuolinen todistaja on hiljattain vahvistanut lokin. Sitä vanhempia merkintöjä ei voi muuttaa, "
            "poistaa eikä lisätä kenenkään huomaamatta.",
            "Ett utomstående vittne har nyligen bekräftat loggen. Äldre poster kan inte ändras, tas bort eller "
            "läggas till utan att det märks.",
            "An outside witness has confirmed the journal lately. Nobody can change, remove or insert earlier "
            "entries unnoticed.",
        ),
        "status_late": Label(
            "Todistajat eivät ole vahvistaneet lokia viime aikoina. Uudemmat merkinnät voisi vielä kirjoittaa "
            "uusiksi; tietoja ei luovuteta ennen seuraavaa vahvistusta. Kerro ylläpidolle.",
            "Vittnena har inte bekräftat loggen på sistone. Nyare poster kunde ännu skrivas om; inga uppgifter "
            "lämnas ut före nästa bekräftelse. Underrätta driften.",
            "The witnesses have not confirmed the journal lately. Newer entries could still be rewritten; nothing "
            "is delivered until they do. Tell the keepers of the service.",
        ),
        "status_signed": Label(
            "Loki on allekirjoitettu, mutta ulkopuolista todistajaa ei ole. Muutoksen huomaa vain se, joka on "
            "tallettanut tarkistuspisteen muualle.",
            "Loggen är undertecknad men har inget utomstående vittne. En ändring märks endast av den som har "
            "sparat en kontrollpunkt någon annanstans.",
            "The journal is signed, but has no outside witness. Only somebody who kept a checkpoint elsewhere "
            "would notice a change.",
        ),
        "status_unsigned": Label(
            "Lokia ei allekirjoiteta. Tietokannan haltija voi muuttaa sitä kenenkään huomaamatta.",
            "Loggen undertecknas inte. Den som förfogar över databasen kan ändra den obemärkt.",
            "The journal is not signed. Whoever holds the database can change it unnoticed.",
        ),
        "status_forked": Label(
            "Loki on haarautunut: sen merkinnät eivät ole ne, jotka allekirjoitettiin. Mitään ei luovuteta. "
            "Älkää muuttako tietokantaa; verratkaa sitä varmuuskopioon ja talletettuihin tarkistuspisteisiin.",
            "Loggen har förgrenats: posterna är inte de som undertecknades. Ingenting lämnas ut. Ändra inte "
            "databasen; jämför den med säkerhetskopian och sparade kontrollpunkter.",
            "The journal is forked: its entries are not those that were signed. Nothing is delivered. Leave the "
            "database as it is; compare it with a backup and with checkpoints that were kept.",
        ),
        "checkpoint": Label("Uusin tarkistuspiste", "Senaste kontrollpunkt", "Newest checkpoint"),
        "first_entries": Label("merkintää", "poster", "entries"),
        "signed_at": Label("allekirjoitettu", "undertecknad", "signed"),
        "unsigned": Label("Vielä allekirjoittamatta", "Ännu inte undertecknade", "Not signed yet"),
        "witness": Label("Todistaja", "Vittne", "Witness"),
        "never_seen": Label("ei vahvistusta", "ingen bekräftelse", "no confirmation"),
        "ago": Label("{} sitten", "för {} sedan", "{} ago"),
        "keep": Label("Lataa tarkistuspiste", "Hämta kontrollpunkten", "Download the checkpoint"),
        "keep_note": Label(
            "Talleta se nyt ja aina välillä muualle kuin tähän palveluun: kaiken, mitä myöhemmin näytetään, on "
            "jatkettava sitä.",
            "Spara den nu och då någon annanstans än i denna tjänst: allt som visas senare måste fortsätta den.",
            "Keep one now and then outside this service: whatever is shown later must continue it.",
        ),
        "journaled": Label(
            "Jokainen haku ja katselu kirjataan lokiin hakuehtoineen.",
            "Varje sökning och visning antecknas i loggen med sina sökvillkor.",
            "Each search and view is written to the journal with its filters.",
        ),
        # --- filters
        "filter": Label("Rajaus", "Avgränsning", "Filter"),
        "more_filters": Label("Lisää rajauksia", "Fler villkor", "More filters"),
        "find": Label("Hae", "Sök", "Search"),
        "show": Label("Näytä", "Visa", "Show"),
        "clear": Label("Tyhjennä", "Rensa", "Clear"),
        "any": Label("Kaikki", "Alla", "All"),
        "since": Label("Alkaen (päivä)", "Från (dag)", "From (day)"),
        "until": Label("Asti (päivä)", "Till (dag)", "To (day)"),
        "day": Label("Päivä", "Dag", "Day"),
        "organisation": Label("Organisaatio", "Organisation", "Organisation"),
        "product": Label("Tuote", "Produkt", "Product"),
        "area": Label("Työllisyysalue", "Sysselsättningsområde", "Employment area"),
        "outcome": Label("Lopputulos", "Utfall", "Outcome"),
        "kind": Label("Tapahtuma", "Händelse", "Event"),
        "client": Label("Asiakas", "Klient", "Client"),
        "subject": Label("Käyttäjä", "Användare", "User"),
        "issuer": Label("Tunnistaja", "Utfärdare", "Issuer"),
        "purpose_code": Label("Käyttötarkoitus", "Ändamål", "Purpose"),
        "action": Label("Toiminto", "Åtgärd", "Action"),
        "release": Label("Julkaisu", "Utgåva", "Release"),
        "case_ref": Label("Asianumero", "Ärendenummer", "Case number"),
        "refusal": Label("Epäämisen koodi", "Avslagskod", "Code of refusal"),
        "after": Label("Jatko", "Fortsättning", "Continuation"),
        "limit": Label("Sivun pituus", "Sidans längd", "Length of a page"),
        "seq": Label("Merkinnän numero", "Postens nummer", "Number of an entry"),
        "fault": Label(
            "Hakuehtoa ei hyväksytty", "Sökvillkoret godkändes inte", "A filter was refused"
        ),
        "unknown_filter": Label(
            "Tällaista hakuehtoa ei ole.",
            "Ett sådant villkor finns inte.",
            "There is no such filter.",
        ),
        # --- entries
        "entries": Label("Löydetyt merkinnät", "Funna poster", "Entries found"),
        "entries_note": Label(
            "Järjestyksessä, vanhin ensin. Luovutuksen alku ja loppu ovat omia merkintöjään.",
            "I ordning, den äldsta först. En utlämnings början och slut är egna poster.",
            "In order, the oldest first. The beginning and the end of a delivery are entries of their own.",
        ),
        "nothing": Label(
            "Merkintöjä ei löytynyt.", "Inga poster hittades.", "No entries were found."
        ),
        "number": Label("Nro", "Nr", "No."),
        "time": Label("Aika", "Tid", "Time"),
        "who": Label("Kuka", "Vem", "Who"),
        "what": Label("Mitä", "Vad", "What"),
        "result": Label("Tulos", "Resultat", "Result"),
        "open": Label("Kesken", "Pågår", "Open"),
        "next": Label("Seuraavat", "Följande", "Next"),
        "first": Label("Alkuun", "Till början", "To the beginning"),
        "pages": Label("Sivut", "Sidor", "Pages"),
        "of_entry": Label("merkinnän", "till posten", "of entry"),
        "export": Label(
            "Vie hakutulos todisteineen", "Exportera resultatet med bevis", "Export with proofs"
        ),
        "export_note": Label(
            "Kaikki haun allekirjoitetut merkinnät, kukin todistuksineen. Tiedosto on yhtä luottamuksellinen "
            "kuin loki.",
            "Alla undertecknade poster i sökningen, var och en med sitt bevis. Filen är lika konfidentiell som "
            "loggen.",
            "All signed entries of the search, each with its proof. The file is as confidential as the journal.",
        ),
        # --- one entry
        "entry": Label("Merkintä", "Post", "Entry"),
        "what_happened": Label("Mitä tapahtui", "Vad hände", "What happened"),
        "roles": Label("Roolit", "Roller", "Roles"),
        "purpose": Label("Käyttötarkoitus", "Ändamål", "Purpose"),
        "legal_basis": Label("Oikeusperuste", "Rättslig grund", "Legal basis"),
        "areas_requested": Label("Pyydetyt alueet", "Begärda områden", "Areas asked for"),
        "areas_granted": Label("Luovutetut alueet", "Beviljade områden", "Areas granted"),
        "format": Label("Muoto", "Format", "Format"),
        "personal_data": Label("Henkilötietoja", "Personuppgifter", "Personal data"),
        "yes": Label("kyllä", "ja", "yes"),
        "no": Label("ei", "nej", "no"),
        "end": Label("Miten se päättyi", "Hur det slutade", "How it ended"),
        "not_ended": Label(
            "Loppua ei ole vielä kirjattu.",
            "Slutet har ännu inte antecknats.",
            "Its end is not written yet.",
        ),
        "rows": Label("Rivejä", "Rader", "Rows"),
        "bytes": Label("Tavuja enintään", "Byte högst", "Bytes at most"),
        "http_status": Label("HTTP-tila", "HTTP-status", "HTTP status"),
        "ruling": Label(
            "Ratkaisu ja sen perusteet", "Avgörandet och dess grunder", "The ruling and its grounds"
        ),
        "permit": Label("Sallittu", "Tillåten", "Permitted"),
        "deny": Label("Evätty", "Avslagen", "Refused"),
        "told": Label("Kutsujalle kerrottu syy", "Orsak som meddelades", "Reason that was told"),
        "policy": Label("Sääntö", "Regel", "Policy"),
        "effect": Label("Vaikutus", "Verkan", "Effect"),
        "effect_permit": Label("sallii", "tillåter", "permits"),
        "effect_forbid": Label("kieltää", "förbjuder", "forbids"),
        "ground": Label("Peruste", "Grund", "Ground"),
        "policies": Label("Ratkaisseet säännöt", "Regler som avgjorde", "Policies that decided"),
        "policies_changed": Label(
            "Säännöt ovat muuttuneet ratkaisun jälkeen, joten niiden sanoja ei näytetä.",
            "Reglerna har ändrats efter avgörandet, så deras ordalydelse visas inte.",
            "The policies have changed since the ruling, so their words are not shown.",
        ),
        "default_deny": Label(
            "Mikään sääntö ei sallinut sitä.", "Ingen regel tillät det.", "No policy permitted it."
        ),
        "no_words": Label(
            "sanat eivät ole tiedossa", "ordalydelsen är inte känd", "its words are not known"
        ),
        "evidence": Label("Todisteet ja linkit", "Bevis och länkar", "Evidence and links"),
        "proof": Label(
            "Lataa todistus siitä, että merkintä on lokissa",
            "Hämta beviset för att posten är i loggen",
            "Download the proof that the entry is in the journal",
        ),
        "see_intent": Label("Luovutuksen alku", "Utlämningens början", "Beginning of the delivery"),
        "see_completion": Label("Luovutuksen loppu", "Utlämningens slut", "End of the delivery"),
        "see_day": Label("Asiakkaan päivä", "Klientens dag", "The client's day"),
        "earlier": Label("Edellinen merkintä", "Föregående post", "Entry before"),
        "later": Label("Seuraava merkintä", "Nästa post", "Entry after"),
        "all_fields": Label("Kaikki kentät", "Alla fält", "All fields"),
        "all_fields_note": Label(
            "Kentät niin kuin ne ovat lokissa; nimet selitetään lokin ohjeessa.",
            "Fälten som de är i loggen; namnen förklaras i loggens anvisning.",
            "The fields as they are in the journal, whose page explains the names.",
        ),
        "field": Label("Kenttä", "Fält", "Field"),
        "value": Label("Arvo", "Värde", "Value"),
        # --- a client's day
        "client_day_note": Label(
            "Kaikki, mitä yksi asiakas teki yhtenä päivänä Suomessa, järjestyksessä.",
            "Allt som en klient gjorde under en dag i Finland, i ordning.",
            "Everything that one client did on one day in Finland, in order.",
        ),
        "day_before": Label("Edellinen päivä", "Föregående dag", "Day before"),
        "day_after": Label("Seuraava päivä", "Följande dag", "Day after"),
        # --- deliveries
        "deliveries_note": Label(
            "Yhden tiedoston haku osissa tai uudelleen on yksi luovutus. Kaavioissa on sama asteikko, ja samat "
            "luvut ovat taulukossa niiden alla.",
            "En fil som hämtas i delar eller på nytt är en utlämning. Diagrammen har samma skala, och samma tal "
            "finns i tabellen nedan.",
            "A file that is fetched in parts or again is one delivery. The charts share one scale, and the table "
            "below has the same numbers.",
        ),
        "deliveries_count": Label("Luovutuksia", "Utlämningar", "Deliveries"),
        "chart": Label("Kaavio", "Diagram", "Chart"),
        "table": Label("Luvut taulukkona", "Talen som tabell", "The numbers as a table"),
        "together": Label("yhteensä", "sammanlagt", "in all"),
        "most": Label("enintään päivässä", "högst per dag", "at most in a day"),
        "total": Label("Yhteensä", "Sammanlagt", "Total"),
        "no_deliveries": Label("Ei luovutuksia.", "Inga utlämningar.", "No deliveries."),
        "no_organisation": Label("Ei organisaatiota", "Ingen organisation", "No organisation"),
        "as_csv": Label("Lataa luvut (CSV)", "Hämta talen (CSV)", "Download the numbers (CSV)"),
        # --- faults
        "forbidden": Label("Pääsy evätty", "Åtkomst nekad", "Access is refused"),
        "forbidden_note": Label(
            "Lokin lukemiseen tarvitaan tarkastajan rooli. Tämä yritys kirjattiin lokiin.",
            "För att läsa loggen behövs granskarens roll. Detta försök antecknades i loggen.",
            "Reading the journal takes an auditor's role. This attempt was journaled.",
        ),
        "missing": Label("Sitä ei ole", "Det finns inte", "There is no such thing"),
        "missing_note": Label(
            "Lokissa ei ole tällaista merkintää, tai sitä ei ole vielä allekirjoitettu.",
            "En sådan post finns inte i loggen, eller så är den ännu inte undertecknad.",
            "The journal has no such entry, or it is not signed yet.",
        ),
        "misunderstood": Label(
            "Osoitetta ei ymmärretty", "Adressen förstods inte", "The address is not understood"
        ),
        "misunderstood_note": Label(
            "Aloita lokin etusivulta.",
            "Börja från loggens startsida.",
            "Begin at the journal's front page.",
        ),
        "to_audit": Label("Lokiin", "Till loggen", "To the journal"),
    }
)
