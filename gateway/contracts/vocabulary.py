"""The closed lists that every contract is held against."""

from __future__ import annotations

from gateway.model.organisation import OrganisationKind

SOURCE_SYSTEMS = frozenset({"atmt", "ya", "tulorekisteri", "kotoaj", "tmt"})
PERSONLESS_SYSTEMS = frozenset({"tmt"})
PLATFORM_SCHEMA = "mylly"  # what the platform says of its own snapshot; a source of nothing

PURPOSES = frozenset(
    {
        "employment-service-management",
        "service-planning",
        "statistics-and-monitoring",
        "integration-service-management",
        "audit",
    }
)
LEGAL_BASES = frozenset(
    {"L380-2023", "L681-2023", "L53-2018-13", "L906-2019-17", "GDPR-6-1-c", "GDPR-6-1-e"}
)
INCOME_LEGAL_BASIS = "L53-2018-13"
PERMISSIONS = frozenset(
    {"employment.rows", "employment.cubes", "integration.rows", "integration.cubes"}
)
CADENCES = ("daily", "weekly", "monthly", "quarterly", "yearly")

ROWS_AUDIENCE = frozenset({OrganisationKind.MUNICIPALITY, OrganisationKind.EMPLOYMENT_AUTHORITY})
CUBE_AUDIENCE = frozenset(
    {*ROWS_AUDIENCE, OrganisationKind.ELY, OrganisationKind.EVK, OrganisationKind.TEM}
)

# Source columns by their own names, whatever their table.
PERSON_IDS = frozenset({"henkilo_id"})
NEVER_READ = frozenset(
    {
        "henkilotunnus",
        "sukunimi",
        "etunimet",
        "katuosoite",
        "puhelin",
        "sahkoposti",
        "lisatiedot",  # free text
        "muistiinpano",  # free text
        "tehtavat",  # free text
        "asiantuntijatagi",
    }
)
# An extract may need these to tell records apart; they are no less a trail back into the source.
RECORD_IDS = frozenset(
    {"jakso_id", "palvelujakso_id", "suunnitelma_id", "yhteydenotto_id", "paatos_id"}
)
DROPPED_ALWAYS = NEVER_READ | RECORD_IDS
TEAM_TAGS = frozenset({"tiimitagi", "asiantuntijatagi"})
QUASI_IDENTIFIERS = frozenset(
    {
        "syntymaaika",
        "sukupuoli",
        "kansalaisuus",
        "aidinkieli",
        "kotikunta",
        "kunta",
        "postinumero",
        "koulutusaste",
        "ammattikoodi",
    }
)

# What the sources say of a person's circumstances: not to be learnt by knowing who is meant.
SENSITIVE_SOURCES = frozenset(
    {
        "atmt.tyollisyyskoodi.koodi",
        "atmt.tyollistymissuunnitelma.suunnitelmatyyppi",
        "atmt.tyonhakujakso.paattymissyy",
        "atmt.palvelujakso.palvelu",
        "atmt.palvelujakso.paattymissyy",
        "atmt.yhteydenotto.syy",
        "ya.tukipaatos.tukilaji",
    }
)

MINIMUM_K = 5
MAXIMUM_SUPPRESSED_SHARE = 0.05
MINIMUM_N = 10
MINIMUM_THRESHOLD = 3
STRICT_THRESHOLD = 10  # public products of persons, and Income Register products
MINIMUM_PERCENT, STRICT_PERCENT = 10, 20  # of the p % rule; strict: Income Register products
MINIMUM_CONTRIBUTORS, STRICT_CONTRIBUTORS = 5, 10

MUNICIPALITY_OUTSIDE_AREAS = "TAXXX"  # residual where the finest geography is the employment area
