"""The words of the pages, in the three languages of the service (kielilaki 423/2003)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.model.label import Label
from gateway.model.organisation import OrganisationKind
from gateway.model.product import ProductKind

TEXTS: Mapping[str, Label] = MappingProxyType(
    {
        "me": Label(
            "Omat tiedot ja oikeudet", "Mina uppgifter och rättigheter", "You and your access"
        ),
        "you": Label("Kuka olet", "Vem du är", "Who you are"),
        "user": Label("Käyttäjätunnus", "Användarkod", "User id"),
        "organisation": Label("Organisaatio", "Organisation", "Organisation"),
        "no_organisation": Label(
            "Organisaatiotasi ei ole rekisterissä tänään. Näet vain kaikille avoimet tuotteet.",
            "Din organisation finns inte i registret i dag. Du ser endast produkter som är öppna för alla.",
            "Your organisation is not in the registry today. You see only what is open to everybody.",
        ),
        "areas": Label("Työllisyysalueet", "Sysselsättningsområden", "Employment areas"),
        "roles": Label("Roolit", "Roller", "Roles"),
        "products": Label("Tietotuotteet", "Dataprodukter", "Data products"),
        "products_note": Label(
            "Sinulle näkyvät tuotteet ja se, mitä kustakin puuttuu. Tiedot haetaan rajapinnasta.",
            "Produkterna som visas för dig och vad som saknas för var och en. Data hämtas via gränssnittet.",
            "The products listed to you, and what is missing for each. The data is read through the API.",
        ),
        "product": Label("Tuote", "Produkt", "Product"),
        "kind": Label("Laji", "Slag", "Kind"),
        "access": Label("Käyttöoikeus", "Åtkomst", "Access"),
        "purpose": Label("Käyttötarkoitus", "Ändamål", "Purpose"),
        "permitted": Label("Sallittu", "Tillåten", "Permitted"),
        "refused": Label("Ei sallittu", "Inte tillåten", "Not permitted"),
        "log_in": Label("Kirjaudu sisään", "Logga in", "Log in"),
        "log_out": Label("Kirjaudu ulos", "Logga ut", "Log out"),
        "logged_out": Label("Et ole kirjautuneena", "Du är inte inloggad", "You are not logged in"),
        "logged_out_note": Label(
            "Istunto on päättynyt. Sulje selain, jos muutkin käyttävät tätä laitetta.",
            "Sessionen har avslutats. Stäng webbläsaren om andra använder samma dator.",
            "The session has ended. Close the browser if others use this device.",
        ),
        "failed": Label(
            "Kirjautuminen ei onnistunut", "Inloggningen misslyckades", "The login did not succeed"
        ),
        "failed_note": Label(
            "Aloita kirjautuminen uudelleen. Jos se ei onnistu, ota yhteyttä organisaatiosi "
            "pääkäyttäjään ja kerro pyynnön tunnus.",
            "Börja om inloggningen. Om det inte lyckas, kontakta din organisations huvudanvändare och "
            "uppge begärans kod.",
            "Begin the login again. If it does not succeed, tell your organisation's administrator the id "
            "of the request.",
        ),
        "refused_form": Label(
            "Lomaketta ei hyväksytty", "Formuläret godkändes inte", "The form was refused"
        ),
        "refused_form_note": Label(
            "Sitä ei lähetetty tämän istunnon sivulta. Mitään ei muutettu.",
            "Det skickades inte från en sida i denna session. Ingenting ändrades.",
            "It was not sent from a page of this session. Nothing was changed.",
        ),
    }
)

KINDS: Mapping[ProductKind, Label] = MappingProxyType(
    {
        ProductKind.ROWS: Label("Rivit", "Rader", "Rows"),
        ProductKind.CUBE: Label("Tilastokuutio", "Statistikkub", "Statistical cube"),
    }
)

ORGANISATIONS: Mapping[OrganisationKind, Label] = MappingProxyType(
    {
        OrganisationKind.MUNICIPALITY: Label("kunta", "kommun", "municipality"),
        OrganisationKind.EMPLOYMENT_AUTHORITY: Label(
            "työllisyysviranomainen", "arbetskraftsmyndighet", "employment authority"
        ),
        OrganisationKind.ELY: Label("ELY-keskus", "NTM-central", "ELY centre"),
        OrganisationKind.EVK: Label(
            "elinvoimakeskus", "livskraftscentral", "Economic Development Centre"
        ),
        OrganisationKind.TEM: Label("ministeriö", "ministerium", "ministry"),
        OrganisationKind.KEHA: Label(
            "kehittämis- ja hallintokeskus",
            "utvecklings- och förvaltningscenter",
            "development and administration centre",
        ),
    }
)
