"""Pages of a list, whatever their size and whatever changes between them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.release import ReleaseId
from gateway.surfaces.delta_sharing.names import release_of, version_of
from gateway.surfaces.delta_sharing.paging import page_of, read_page

names = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12)
releases = st.builds(ReleaseId, st.dates(), st.integers(1, 9999))


def walk(lists: list[set[str]], most: int) -> list[str]:
    """Every page to the last; each is made of the next of the lists, the last of them for the rest."""
    told, token = [], None
    for turn in range(10_000):
        now = lists[min(turn, len(lists) - 1)]
        parameters = {"maxResults": str(most)} | ({} if token is None else {"pageToken": token})
        page = page_of(
            [{"name": name} for name in now],
            read_page(parameters),
            name=lambda each: each["name"],
        )
        assert len(page["items"]) <= most
        told += [each["name"] for each in page["items"]]
        token = page.get("nextPageToken")
        if token is None:
            return told
    raise AssertionError("the pages do not end")


@settings(settings.get_profile("many"))
@given(st.sets(names, max_size=40), st.integers(1, 50))
def test_pages_tell_everything_once_and_in_order(there, most):
    assert walk([there], most) == sorted(there)


@settings(settings.get_profile("many"))
@given(
    st.sets(names, max_size=20),
    st.lists(st.sets(names, max_size=20), max_size=5),
    st.integers(1, 9),
)
def test_what_is_there_all_the_while_is_told_exactly_once(stays, others, most):
    lists = [stays | each for each in [*others, set()]]
    told = walk(lists, most)
    assert [name for name in told if name in stays] == sorted(stays)
    assert len(told) == len(set(told))


@settings(settings.get_profile("many"))
@given(releases, releases)
def test_versions_are_in_the_order_of_releases_and_lead_back(one, other):
    assert release_of(version_of(one)) == one
    assert (version_of(one) < version_of(other)) == (one < other)
