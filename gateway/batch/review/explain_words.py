"""What `jakelu policy explain` says to people: how to get what a policy misses, and its headings."""

from __future__ import annotations

from gateway.model.label import Label
from gateway.policy.vocabulary import DEFAULT_DENY

# Policy that forbids → what would have to be. May name {permission}, {roles}, {areas}, {purposes},
# {sources} and {product}.
# Where one of these forbids, nothing else that might be asked for helps.
FINAL = frozenset(
    {"income-register-never-rows", "public-is-never-rows", "rows-employment-authorities-only"}
)
REMEDIES = {
    "income-register-never-rows": Label(
        "Ei saatavissa kenellekään. Käytä tilastokuutiota, jossa on Tulorekisterin tietoja.",
        "Kan inte fås av någon. Använd en statistikkub med uppgifter ur inkomstregistret.",
        "Nobody can have it. Use a cube with Income Register data.",
    ),
    "public-is-never-rows": Label(
        "Tuotteen ylläpitäjän on korjattava sopimus: raakadata ei ole julkista.",
        "Produktens förvaltare ska rätta kontraktet: rådata är inte offentlig.",
        "The keeper of the product must mend the contract: rows are not public.",
    ),
    "rows-employment-authorities-only": Label(
        "Ei saatavissa tälle organisaatiolle. Käytä tilastokuutioita.",
        "Kan inte fås av denna organisation. Använd statistikkuberna.",
        "This organisation cannot have it. Use the cubes.",
    ),
    "rows-own-area": Label(
        "Pyydä oma työllisyysalue: {areas}.",
        "Begär det egna sysselsättningsområdet: {areas}.",
        "Ask for an employment area of your own: {areas}.",
    ),
    "audience-of-the-product": Label(
        "Tuotteen sopimus (`audience`) ei nimeä tätä organisaatiotyyppiä. Pyydä sitä KEHA-keskukselta.",
        "Produktens kontrakt (`audience`) nämner inte denna typ av organisation. Be KEHA-centret.",
        "The contract (`audience`) does not name this kind of organisation. Ask the KEHA Centre.",
    ),
    "permission-of-the-product": Label(
        "Pyydä organisaatiosi pääkäyttäjältä rooli, joka antaa oikeuden `{permission}`: {roles}.",
        "Be din organisations huvudanvändare om en roll som ger rätten `{permission}`: {roles}.",
        "Ask your organisation's administrator for a role that gives `{permission}`: {roles}.",
    ),
    "auditors-read-no-products": Label(
        "Käytä toista käyttäjätunnusta, jolla ei ole käyttölokin tarkastajan roolia.",
        "Använd ett annat konto, utan rollen som granskare av användningsloggen.",
        "Use another account, without the role of an auditor of the journal.",
    ),
    "tem-access-switch": Label(
        "Pääsy avataan päätöksellä: kytkin `tem_access` tiedostossa policies/switches.yaml.",
        "Åtkomsten öppnas genom beslut: omkopplaren `tem_access` i policies/switches.yaml.",
        "It is opened by a decision: the switch `tem_access` in policies/switches.yaml.",
    ),
    "integration-needs-koto-role": Label(
        "Pyydä Koto-AJ:n roolia tai erillisroolia HETI-portaalissa: {roles}.",
        "Be om en Koto-AJ-roll eller en särskild roll i HETI-portalen: {roles}.",
        "Ask for a Koto-AJ role or a separate role in the HETI portal: {roles}.",
    ),
    "koto-worker-separate-grant": Label(
        "Tarvitaan erillislupa (HETI) ja päätös: kytkin `koto_worker_employment_products` tiedostossa "
        "policies/switches.yaml.",
        "Det behövs ett särskilt tillstånd (HETI) och ett beslut: omkopplaren "
        "`koto_worker_employment_products` i policies/switches.yaml.",
        "It needs a separate grant (HETI) and a decision: the switch "
        "`koto_worker_employment_products` in policies/switches.yaml.",
    ),
    "tags-own-area": Label(
        "Pyydä oma työllisyysalue: {areas}. Tägejä ei näytetä muille.",
        "Begär det egna sysselsättningsområdet: {areas}. Taggar visas inte för andra.",
        "Ask for an employment area of your own: {areas}. Tags are shown to nobody else.",
    ),
    "restricted-needs-bound-token": Label(
        "Käytä valtuutta, joka on sidottu avaimeesi (DPoP) tai varmenteeseesi.",
        "Använd en token som är bunden till din nyckel (DPoP) eller ditt certifikat.",
        "Use a token that is bound to your key (DPoP) or certificate.",
    ),
    "key-of-other-products": Label(
        "Pyydä organisaatiosi avainhallinnalta avain, joka on luotu tälle tuotteelle, tai käytä valtuutta.",
        "Be din organisations nyckelhantering om en nyckel för denna produkt, eller använd en token.",
        "Ask your organisation's key administrator for a key that is for this product, or use a token.",
    ),
    "keys-are-for-products-only": Label(
        "Käytä valtuutta: pääsyavaimella saa vain tuotteita.",
        "Använd en token: med en åtkomstnyckel fås endast produkter.",
        "Use a token: an access key opens products alone.",
    ),
    "data-permit-required": Label(
        "Lähteen tietoluvan on oltava voimassa (policies/permits.yaml): {sources}.",
        "Källans datatillstånd ska vara i kraft (policies/permits.yaml): {sources}.",
        "The source's data permit must be valid (policies/permits.yaml): {sources}.",
    ),
    "subscription-required": Label(
        "Organisaatiolla on oltava voimassa oleva tilaus tuotteesta `{product}` "
        "(policies/subscriptions.yaml). Tee tilaus KEHA-keskukselle.",
        "Organisationen ska ha en giltig beställning av produkten `{product}` "
        "(policies/subscriptions.yaml). Beställ hos KEHA-centret.",
        "The organisation needs a valid subscription of `{product}` (policies/subscriptions.yaml). "
        "Subscribe with the KEHA Centre.",
    ),
    "purpose-required": Label(
        "Anna käyttötarkoitus (`purpose`), jonka tilaus sallii: {purposes}.",
        "Ange ett ändamål (`purpose`) som beställningen tillåter: {purposes}.",
        "State a purpose (`purpose`) that the subscription allows: {purposes}.",
    ),
    "expert-own-tag": Label(
        "Valtuudessa on oltava oma asiantuntijatägi (väite `expert_tag`); vain sen rivit saa.",
        "Token ska ha den egna experttaggen (uppgiften `expert_tag`); endast dess rader fås.",
        "The token must hold your own expert tag (the claim `expert_tag`); only its rows are delivered.",
    ),
    DEFAULT_DENY: Label(
        "Mikään sääntö ei salli tätä. Sääntöjä muuttaa vain KEHA-keskus päätöksellään.",
        "Ingen regel tillåter detta. Reglerna ändras endast genom beslut av KEHA-centret.",
        "No policy permits this. Policies change only by a decision of the KEHA Centre.",
    ),
}

NOTHING = Label("ei mikään", "inget", "none")

HEADINGS = {
    "permitted": Label("SAA", "FÅR", "PERMITTED"),
    "denied": Label("EI SAA", "FÅR INTE", "DENIED"),
    "product": Label("tuote", "produkt", "product"),
    "caller": Label("kutsuja", "anropare", "caller"),
    "roles": Label("roolit", "roller", "roles"),
    "areas": Label("omat alueet", "egna områden", "own areas"),
    "area": Label("pyydetty alue", "begärt område", "area asked"),
    "day": Label("päivä", "dag", "day"),
    "purpose": Label("käyttötarkoitus", "ändamål", "purpose"),
    "subscription": Label("tilaus", "beställning", "subscription"),
    "policies": Label("ratkaisivat", "avgjordes av", "decided by"),
    "remedy": Label("näin saa", "så får man", "how to get it"),
    "note": Label("huomaa", "observera", "note"),
}

NOTES = {
    "unverified": Label(
        "Valtuuden väitteet on luettu, mutta allekirjoitusta, voimassaoloa ja antajaa ei ole tarkistettu.",
        "Tokens uppgifter har lästs, men signatur, giltighet och utgivare har inte kontrollerats.",
        "The token's claims were read; its signature, times and issuer were not verified.",
    ),
    "not_listed": Label(
        "Tuotetta ei ole luetteloitu kutsujalle: palvelu vastaa kuin tuotetta ei olisi (404).",
        "Produkten är inte förtecknad för anroparen: tjänsten svarar som om den inte fanns (404).",
        "The product is not listed to the caller: the service answers as if there were none (404).",
    ),
    "no_organisation": Label(
        "Organisaatio ei ole rekisterissä tai ei ole voimassa tänä päivänä, joten sillä ei ole mitään.",
        "Organisationen finns inte i registret eller är inte i kraft denna dag, så den har ingenting.",
        "The organisation is not in the registry or not valid on this day, so it has nothing.",
    ),
    "void_role": Label(
        "Rooli ei anna mitään, sillä sitä ei ole tiedostossa policies/roles.yaml: {role}.",
        "Rollen ger ingenting, för den finns inte i policies/roles.yaml: {role}.",
        "The role gives nothing, for it is not in policies/roles.yaml: {role}.",
    ),
    "ended_subscription": Label(
        "Tilaus ei ole voimassa tänä päivänä: {subscription}, {first}–{last}.",
        "Beställningen är inte i kraft denna dag: {subscription}, {first}–{last}.",
        "A subscription is not valid on this day: {subscription}, {first} to {last}.",
    ),
}
