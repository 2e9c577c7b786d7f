"""The job seekers of the as-of day, drawn to the municipal margins at full scale, then sampled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from gateway.synthetic import activities, margins
from gateway.synthetic.draws import Flags, Ints, among, evenly, rank_within, stream
from gateway.synthetic.margins import Margins

TEENS, YOUNG, MIDDLE, OLDER = range(4)  # ages -19, 20-24, 25-49, 50-
UNKNOWN_SEX, MAN, WOMAN = range(3)

# How the margins' wider classes divide into activities; shares are the project's own guesses.
REST_SHARES = {
    activities.WORKING: 0.50,
    activities.OUTSIDE: 0.15,
    activities.PENSION: 0.05,
    activities.STUDYING: 0.30,
}
SUPPORTED_SHARES = {activities.SUBSIDISED: 0.8, activities.STARTUP: 0.2}
TRIAL_SHARES = {activities.WORK_TRIAL: 0.85, activities.EDUCATION_TRIAL: 0.15}
OTHER_SHARES = {
    activities.OWN_STUDIES: 0.57,
    activities.REHABILITATIVE: 0.26,
    activities.CAREER: 0.12,
    activities.INTEGRATION: 0.05,
}
OTHER_SHARES_FOREIGN = {
    activities.OWN_STUDIES: 0.30,
    activities.REHABILITATIVE: 0.12,
    activities.CAREER: 0.08,
    activities.INTEGRATION: 0.50,
}


@dataclass(frozen=True, slots=True)
class Stock:
    """Job seekers of the as-of day; every field is an array of one value per person.

    place: index into `Margins.places`; activity: index into `ACTIVITIES`; long_term: unemployed
    for more than a year; age: class TEENS…OLDER; sex: UNKNOWN_SEX, MAN, WOMAN; foreign: citizen
    of another country, of none, or not known.
    """

    place: Ints
    activity: Ints
    long_term: Flags
    age: Ints
    sex: Ints
    foreign: Flags

    def __len__(self) -> int:
        return len(self.place)

    def take(self, index: Ints) -> Stock:
        return Stock(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


def draw_stock(table: Margins, *, scale: float, seed: int) -> Stock:
    """The stock at a scale: a systematic sample of the full one, sorted by all its traits.

    Sampling what is whole, instead of scaling each margin, keeps the traits consistent with one
    another and every national margin within a fraction of a per cent.
    """
    generator = stream(seed, "stock")
    counts = table.counts
    unemployed = _unemployed(counts, generator)
    others = _others(counts, generator)
    whole = Stock(
        **{
            field.name: np.concatenate(
                [getattr(unemployed, field.name), getattr(others, field.name)]
            )
            for field in fields(Stock)
        }
    )
    order = np.lexsort(
        (whole.foreign, whole.sex, whole.age, whole.long_term, whole.activity, whole.place)
    )
    size = max(1, round(len(whole) * scale))
    return whole.take(order[evenly(generator, size, len(whole))])


def _unemployed(counts: Mapping[str, Ints], generator: np.random.Generator) -> Stock:
    totals = np.minimum(counts[margins.UNEMPLOYED], counts[margins.SEEKERS])
    place = np.repeat(np.arange(len(totals)), totals)
    age, sex, foreign = _traits(place, counts, generator)
    noise = generator.random(len(place))
    # The older, the likelier a long spell; teenagers have had little time for one.
    lean = np.asarray([0.45, 0.2, 0.0, -0.2])[age]
    long_term = rank_within(place, noise + lean) < counts[margins.LONG_TERM][place]
    noise = generator.random(len(place))
    laid_off = rank_within(place, noise + 10.0 * long_term) < counts[margins.LAID_OFF][place]
    activity = np.where(laid_off, activities.LAID_OFF, activities.UNEMPLOYED).astype(np.int64)
    return Stock(place, activity, long_term, age, sex, foreign)


def _others(counts: Mapping[str, Ints], generator: np.random.Generator) -> Stock:
    """Job seekers who are not unemployed: traits in the municipality's proportions."""
    totals = np.maximum(counts[margins.SEEKERS] - counts[margins.UNEMPLOYED], 0)
    place = np.repeat(np.arange(len(totals)), totals)
    ratio = totals / np.maximum(counts[margins.UNEMPLOYED], 1)
    scaled = {
        measure: np.floor(values * ratio + generator.random(len(totals))).astype(np.int64)
        for measure, values in counts.items()
    }
    age, sex, foreign = _traits(place, scaled, generator)
    activity = _activities(place, counts, foreign, generator)
    too_young = (activity == activities.PENSION) & (age != OLDER)
    activity[too_young] = activities.OUTSIDE
    return Stock(place, activity, np.zeros(len(place), dtype=np.bool_), age, sex, foreign)


def _traits(
    place: Ints, counts: Mapping[str, Ints], generator: np.random.Generator
) -> tuple[Ints, Ints, Flags]:
    """(age, sex, foreign) with exactly the margins' counts in each place, where they fit."""
    size = np.bincount(place, minlength=len(counts[margins.MEN]))
    rank = rank_within(place, generator.random(len(place)))
    age = np.full(len(place), MIDDLE, dtype=np.int64)
    age[rank >= (size - counts[margins.OVER_50])[place]] = OLDER
    age[rank < counts[margins.UNDER_25][place]] = YOUNG
    age[rank < counts[margins.UNDER_20][place]] = TEENS
    rank = rank_within(place, generator.random(len(place)))
    women, men = counts[margins.WOMEN][place], counts[margins.MEN][place]
    sex = np.select([rank < women, rank < women + men], [WOMAN, MAN], UNKNOWN_SEX)
    noise = generator.random(len(place)) - 0.1 * (age == MIDDLE)
    foreign = rank_within(place, noise) < counts[margins.FOREIGN][place]
    return age, sex.astype(np.int64), foreign


def _activities(
    place: Ints, counts: Mapping[str, Ints], foreign: Flags, generator: np.random.Generator
) -> Ints:
    """Short weeks and services by the margins; who is left works, studies or is outside."""
    rank = rank_within(place, generator.random(len(place)))
    blocks = (
        (counts[margins.SHORT_WEEK], {activities.SHORT_WEEK: 1.0}),
        (counts[margins.SUPPORTED_WORK], SUPPORTED_SHARES),
        (counts[margins.TRIALS], TRIAL_SHARES),
        (counts[margins.LABOUR_TRAINING], {activities.TRAINING: 1.0}),
        (counts[margins.COACHING], {activities.COACHING: 1.0}),
        (counts[margins.OTHER_SERVICES], OTHER_SHARES),
    )
    activity = among(generator, REST_SHARES, len(place))
    edge = np.zeros(len(place), dtype=np.int64)
    for count, shares in blocks:
        inside = (rank >= edge) & (rank < edge + count[place])
        activity[inside] = among(generator, shares, int(inside.sum()))
        if shares is OTHER_SHARES:
            migrants = inside & foreign
            activity[migrants] = among(generator, OTHER_SHARES_FOREIGN, int(migrants.sum()))
        edge = edge + count[place]
    return activity
