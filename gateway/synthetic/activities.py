"""What a job seeker may be doing on a day: an employment code, and the service behind it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.label import Label


@dataclass(frozen=True, slots=True)
class Activity:
    """code: employment code (DOMAIN); service: code of `atmt.palvelu`, empty when it is none.

    mean_days: a service's mean length; has_courses: bought as courses with a procurement.
    """

    code: str
    service: str = ""
    mean_days: int = 0
    label: Label | None = None
    has_courses: bool = False

    @property
    def is_service(self) -> bool:
        return bool(self.service)


UNEMPLOYED, LAID_OFF, SHORT_WEEK, WORKING, OUTSIDE, PENSION, STUDYING = range(7)
SUBSIDISED, STARTUP, TRAINING, WORK_TRIAL, EDUCATION_TRIAL, COACHING = range(7, 13)
OWN_STUDIES, REHABILITATIVE, CAREER, INTEGRATION = range(13, 17)


def _service(code: str, service: str, mean_days: int, label: Label) -> Activity:
    return Activity(code, service, mean_days, label)


def _bought(service: str, mean_days: int, label: Label) -> Activity:
    return Activity("07", service, mean_days, label, has_courses=True)


ACTIVITIES = (
    *(Activity(code) for code in ("02", "03", "04", "01", "05", "06", "08")),
    _service("00", "PALKKA", 210, Label("Palkkatuki", "Lönesubvention", "Pay subsidy")),
    _service("00", "START", 240, Label("Starttiraha", "Startpeng", "Start-up grant")),
    _bought(
        "TVK", 150, Label("Työvoimakoulutus", "Arbetskraftsutbildning", "Labour market training")
    ),
    _service("07", "TYOK", 60, Label("Työkokeilu", "Arbetsprövning", "Work trial")),
    _service("07", "KOKE", 25, Label("Koulutuskokeilu", "Utbildningsprövning", "Education trial")),
    _bought("VALM", 60, Label("Valmennus", "Träning", "Job coaching")),
    _service(
        "07",
        "OMAE",
        270,
        Label("Omaehtoinen opiskelu", "Frivilliga studier", "Self-motivated studies"),
    ),
    _service(
        "07",
        "KUNT",
        160,
        Label(
            "Kuntouttava työtoiminta",
            "Arbetsverksamhet i rehabiliteringssyfte",
            "Rehabilitative work",
        ),
    ),
    _bought("URAV", 75, Label("Uravalmennus", "Karriärträning", "Career coaching")),
    _bought(
        "KOTO", 200, Label("Kotoutumiskoulutus", "Integrationsutbildning", "Integration training")
    ),
)

SERVICES = tuple(index for index, activity in enumerate(ACTIVITIES) if activity.is_service)
