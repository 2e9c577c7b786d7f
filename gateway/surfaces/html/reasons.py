"""Why somebody was refused, by the code of the error."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.model.label import Label

# Why not, by the code of the error that a request would get; `/v1/me` tells the same in English.
REASONS: Mapping[str, Label] = MappingProxyType(
    {
        "area_out_of_scope": Label(
            "alue ei kuulu organisaatiollesi",
            "området hör inte till din organisation",
            "the area is outside your organisation's scope",
        ),
        "organisation_not_in_audience": Label(
            "tuote ei ole organisaatiosi kaltaisille",
            "produkten är inte för din typ av organisation",
            "the product is not for your kind of organisation",
        ),
        "role_missing": Label(
            "rooli puuttuu", "rollen saknas", "no role of yours gives access to this"
        ),
        "subscription_missing": Label(
            "organisaatiolla ei ole voimassa olevaa tilausta",
            "organisationen har ingen giltig prenumeration",
            "your organisation has no valid subscription",
        ),
        "purpose_refused": Label(
            "tilaus ei salli käyttötarkoitusta",
            "prenumerationen tillåter inte ändamålet",
            "your subscription does not allow the purpose",
        ),
        "data_permit_missing": Label(
            "lähteen tietolupa puuttuu tai on vanhentunut",
            "en källas datatillstånd saknas eller har löpt ut",
            "a data permit of a source is missing or has expired",
        ),
        "bound_token_required": Label(
            "vaatii laitteeseen sidotun tunnisteen rajapinnassa",
            "kräver en bunden åtkomsttoken i gränssnittet",
            "needs a sender-constrained token in the API",
        ),
        "switched_off": Label(
            "pääsy on toistaiseksi suljettu", "åtkomsten är tills vidare stängd", "closed for now"
        ),
        "income_register_rows": Label(
            "tulorekisterin tietoja ei luovuteta riveinä",
            "inkomstregistrets uppgifter lämnas inte ut som rader",
            "Income Register data is never delivered as rows",
        ),
    }
)
OTHER_REASON = Label("ei oikeutta", "ingen rätt", "no right to it")
