"""Access keys in the state database: what one process changes, every other sees within two seconds."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.adapters.cedar import CedarEngine
from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_keys import StoredAccessKeys
from gateway.errors import InvalidToken, StateUnavailable
from gateway.identity.access_keys import REMEMBERED_MAX, AccessKeys
from gateway.identity.key_text import new_key_text
from gateway.model.access_key import ANYWHERE, AccessKey
from gateway.model.caller import AuthStrength
from gateway.organisations import load_registry
from gateway.policy import load_policy

NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)
ADDRESS = "192.0.2.7"
POLICIES = Path(__file__).parents[2] / "policies"


class FixedClock:
    def __init__(self, moment=NOW):
        self.moment = moment

    def now(self):
        return self.moment


SECRET = new_key_text()
KEY = AccessKey(
    id=SECRET.id,
    digest=SECRET.digest(),
    organisation="KU837",
    service_account="bi-reports",
    products=("job-seekers", "vacancies"),
    roles=("heti:tilastokuutiot",),
    networks=ANYWHERE,
    created_at=NOW,
    created_by="https://issuer.example admin-4",
    expires_at=NOW + timedelta(days=90),
)


@pytest.fixture
def state(opened):
    return opened(is_flushed=True)


@pytest.fixture
def store(state):
    store = StoredAccessKeys(state)
    with store.changing() as keys:
        keys.put(KEY)
    return store


def door(store, *, age=time.monotonic, later=lambda task: task(), clock=None):
    roles = load_policy(POLICIES, engine_from=CedarEngine).roles
    return AccessKeys(
        store,
        registry=load_registry(),
        roles=roles,
        clock=clock or FixedClock(),
        later=later,
        age=age,
    )


def refusal(keys, secret=SECRET, address=ADDRESS) -> str:
    with pytest.raises(InvalidToken) as refused:
        keys.caller(secret, address)
    return refused.value.reason


def test_a_key_is_kept_whole(store):
    assert store.find(KEY.id) == KEY
    assert store.of("KU837") == (KEY,)
    assert store.of("KU091") == ()
    assert store.find("another") is None


def test_every_field_outlives_a_change(store, opened):
    changed = replace(
        KEY,
        rotated_from="a" * 12,
        rotates_to="b" * 12,
        revoked_at=NOW,
        last_used_at=NOW + timedelta(seconds=5),
        networks=(),
        roles=(),
    )
    with store.changing() as keys:
        keys.put(changed)
    assert StoredAccessKeys(opened()).find(KEY.id) == changed


def test_what_is_left_by_a_fault_has_changed_nothing(store):
    def fail_halfway():
        with store.changing() as keys:
            keys.put(replace(KEY, revoked_at=NOW))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert store.find(KEY.id) == KEY


def test_a_use_is_never_moved_back(store):
    store.mark_used(KEY.id, NOW + timedelta(minutes=2))
    store.mark_used(KEY.id, NOW + timedelta(minutes=1))
    assert store.find(KEY.id).last_used_at == NOW + timedelta(minutes=2)
    store.mark_used("unknown", NOW)


def test_readers_wait_for_no_writer(store, opened):
    impatient = StoredAccessKeys(opened(busy_seconds=0.1))
    with store.changing() as keys:
        keys.put(replace(KEY, revoked_at=NOW))
        assert impatient.find(KEY.id) == KEY  # as it is committed
        with pytest.raises(StateUnavailable):
            impatient.mark_used(KEY.id, NOW)


def test_in_a_file_a_commit_of_keys_is_flushed_and_one_of_proofs_is_not(tmp_path):
    for is_flushed, level in ((True, 2), (False, 1)):
        state = StateDatabase(tmp_path / "state.sqlite", is_flushed=is_flushed)
        with state.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == level
        state.close()


def _revoke(place, key_id):
    state = StateDatabase(place, is_flushed=True)
    with StoredAccessKeys(state).changing() as keys:
        keys.put(replace(keys.find(key_id), revoked_at=NOW))
    state.close()


def test_a_revocation_by_one_process_is_seen_by_another_within_two_seconds(place, store):
    keys = door(store)
    assert keys.caller(SECRET, ADDRESS).strength is AuthStrength.KEY
    process = multiprocessing.get_context("spawn").Process(target=_revoke, args=(place, KEY.id))
    process.start()
    while process.is_alive():  # in use all the time, so never forgotten for idleness
        keys_work = _works(keys)
        time.sleep(0.01)
    process.join()
    assert process.exitcode == 0
    revoked = time.monotonic()
    while (keys_work := _works(keys)) and time.monotonic() - revoked < 2:
        time.sleep(0.01)
    assert not keys_work
    assert refusal(keys) == "access_key_revoked"


def _works(keys) -> bool:
    try:
        keys.caller(SECRET, ADDRESS)
    except InvalidToken:
        return False
    return True


def test_a_key_is_remembered_for_less_than_a_second_and_read_again_after(store):
    moment = [0.0]
    keys = door(store, age=lambda: moment[0])
    keys.caller(SECRET, ADDRESS)
    with store.changing() as changing:
        changing.put(replace(KEY, revoked_at=NOW))
    moment[0] = 0.999
    assert keys.caller(SECRET, ADDRESS)
    moment[0] = 1.0
    assert refusal(keys) == "access_key_revoked"


def test_what_is_forgotten_is_read_again_at_once(store):
    keys = door(store, age=lambda: 0.0)
    keys.caller(SECRET, ADDRESS)
    with store.changing() as changing:
        changing.put(replace(KEY, revoked_at=NOW))
    keys.forget(KEY.id)
    assert refusal(keys) == "access_key_revoked"


def test_an_unknown_key_is_not_remembered_so_that_a_new_one_works_at_once(store):
    keys, new = door(store, age=lambda: 0.0), new_key_text()
    assert refusal(keys, new) == "access_key_unknown"
    with store.changing() as changing:
        changing.put(replace(KEY, id=new.id, digest=new.digest()))
    assert keys.caller(new, ADDRESS).client_id == new.id


def test_what_is_remembered_is_bounded(state, store):
    secrets = [new_key_text() for _ in range(REMEMBERED_MAX + 10)]
    with store.changing() as changing:
        for secret in secrets:
            changing.put(replace(KEY, id=secret.id, digest=secret.digest()))
    keys = door(store, age=lambda: 0.0, later=lambda _: None)
    for secret in secrets:
        keys.caller(secret, ADDRESS)
    assert len(keys._known) <= REMEMBERED_MAX
    assert len(keys._noted) <= REMEMBERED_MAX


def test_a_digest_copied_to_another_row_opens_nothing(store):
    mine, theirs = new_key_text(), SECRET
    with store.changing() as changing:
        changing.put(replace(KEY, id=mine.id, digest=theirs.digest()))
    assert refusal(door(store), mine) == "access_key_wrong"
    assert refusal(door(store), replace(theirs, id=mine.id)) == "access_key_wrong"


def test_a_key_gives_data_permissions_of_todays_roles_alone(store):
    with store.changing() as changing:
        roles = ("heti:tilastokuutiot", "heti:tarkastaja", "heti:avainhallinta", "heti:gone")
        changing.put(replace(KEY, roles=roles))
    assert door(store).caller(SECRET, ADDRESS).permissions == {"employment.cubes"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"organisation": "KU999"}, "access_key_of_no_organisation"),
        ({"organisation": "ELY05"}, "access_key_of_no_organisation"),  # ended with 2025
        ({"networks": ()}, "access_key_from_elsewhere"),
        ({"networks": ("198.51.100.0/24",)}, "access_key_from_elsewhere"),
        ({"expires_at": NOW}, "access_key_expired"),
        ({"revoked_at": NOW, "expires_at": NOW}, "access_key_revoked"),
    ],
)
def test_a_key_outside_its_bounds_is_refused(store, changes, reason):
    with store.changing() as changing:
        changing.put(replace(KEY, **changes))
    assert refusal(door(store)) == reason


def test_an_unknown_address_is_in_no_range(store):
    assert refusal(door(store), address=None) == "access_key_from_elsewhere"


def test_a_use_is_noted_once_a_minute_and_its_fault_holds_up_nobody(store, state, caplog):
    moment, noted = [0.0], []
    clock = FixedClock()

    class Failing(StoredAccessKeys):
        def mark_used(self, key_id, at):
            noted.append(at)
            raise StateUnavailable

    keys = door(Failing(state), age=lambda: moment[0], clock=clock)
    for second in (0, 1, 59, 60, 61):
        moment[0], clock.moment = float(second), NOW + timedelta(seconds=second)
        assert keys.caller(SECRET, ADDRESS)
    assert noted == [NOW, NOW + timedelta(seconds=60)]
    assert [record.getMessage() for record in caplog.records] == [
        f"the use of access key {KEY.id} could not be noted"
    ] * 2


def test_a_database_that_fails_lets_no_key_pass(state, store):
    class Failing(StoredAccessKeys):
        def find(self, key_id):
            raise StateUnavailable

    with pytest.raises(StateUnavailable):
        door(Failing(state)).caller(SECRET, ADDRESS)


def test_keys_that_ended_are_counted_for_a_day_and_forgotten_in_the_end(state):
    store = StoredAccessKeys(state)
    ended = replace(KEY, id="e" * 12, revoked_at=NOW + timedelta(hours=1))
    with store.changing() as keys:
        keys.put(KEY)
        keys.put(ended)
        assert keys.active("KU837", NOW) == 1
        assert keys.made_since("KU837", NOW) == 2
        assert keys.made_since("KU837", NOW + timedelta(seconds=1)) == 0
        keys.forget_ended(NOW + timedelta(hours=1))
        assert keys.made_since("KU837", NOW) == 2
        keys.forget_ended(NOW + timedelta(hours=2))
    assert [key.id for key in store.of("KU837")] == [KEY.id]
