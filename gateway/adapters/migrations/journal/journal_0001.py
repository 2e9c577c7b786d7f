"""The journal's first tables, in a PostgreSQL alone: the file of an embedded journal has its own steps.

The tables are those of `journal_sqlite_schema`, and `boots`: the processes that entered, for recovery. Text is
compared byte by byte (COLLATE "C"): an index then outlives an update of the machine's languages. Rules stand
twice: the gateway's role has no right to break them, and the tables refuse it to their owner as well, who
would have to drop a trigger first.
"""

from __future__ import annotations

from alembic import op

from gateway.adapters.database_roles import (
    AUDITOR,
    GATEWAY,
    RETENTION,
    grant,
    grant_revision,
)
from gateway.adapters.postgres_engine import SCHEMA

revision = "journal_0001"
down_revision = None

_TABLES = """
CREATE TABLE head (
    id       smallint PRIMARY KEY CHECK (id = 1),
    seq      bigint NOT NULL,
    frontier bytea NOT NULL CHECK (length(frontier) % 32 = 0)
) WITH (fillfactor = 10);
INSERT INTO head VALUES (1, 0, '');

CREATE TABLE entries (
    seq         bigint PRIMARY KEY,
    event_id    text COLLATE "C" NOT NULL UNIQUE,
    kind        text COLLATE "C" NOT NULL,
    ts_utc      text COLLATE "C" NOT NULL,
    boot_id     text COLLATE "C" NOT NULL,
    intent_seq  bigint CHECK (intent_seq < seq),
    leaf_sha256 text COLLATE "C" NOT NULL CHECK (length(leaf_sha256) = 64),
    body        text COLLATE "C",
    salt        text COLLATE "C",
    CHECK ((kind = 'access.completion') = (intent_seq IS NOT NULL))
);
CREATE INDEX entries_by_time ON entries (ts_utc, seq);
CREATE INDEX entries_with_body ON entries (seq) WHERE body IS NOT NULL;
CREATE UNIQUE INDEX completions ON entries (intent_seq) WHERE intent_seq IS NOT NULL;

CREATE TABLE subtrees (
    level smallint NOT NULL CHECK (level >= 1),
    place bigint NOT NULL,
    hash  bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, place)
);

CREATE TABLE checkpoints (
    size bigint PRIMARY KEY, note text COLLATE "C" NOT NULL, signed_utc text COLLATE "C" NOT NULL
);

CREATE TABLE cosignatures (
    size    bigint NOT NULL,
    witness text COLLATE "C" NOT NULL,
    line    text COLLATE "C" NOT NULL,
    at_utc  text COLLATE "C" NOT NULL,
    PRIMARY KEY (size, witness)
);
CREATE INDEX cosignatures_by_time ON cosignatures (witness, at_utc);

CREATE TABLE open_intents (seq bigint PRIMARY KEY, boot_id text COLLATE "C" NOT NULL);

CREATE TABLE facets (
    facet text COLLATE "C" NOT NULL, value text COLLATE "C" NOT NULL, seq bigint NOT NULL,
    PRIMARY KEY (facet, value, seq)
);

CREATE TABLE addresses (
    seq bigint PRIMARY KEY, address text COLLATE "C" NOT NULL, salt text COLLATE "C" NOT NULL
);

CREATE TABLE pruned (seq bigint PRIMARY KEY, by_seq bigint NOT NULL CHECK (by_seq > seq));

CREATE TABLE holds (
    seq bigint PRIMARY KEY, kind text COLLATE "C", since_utc text COLLATE "C", until_utc text COLLATE "C",
    lifted_seq bigint
);

CREATE TABLE hold_facets (
    hold bigint NOT NULL, facet text COLLATE "C" NOT NULL, value text COLLATE "C" NOT NULL,
    PRIMARY KEY (hold, facet, value)
);

CREATE VIEW held AS
SELECT e.seq, h.seq AS hold FROM holds h CROSS JOIN entries e
WHERE h.lifted_seq IS NULL AND (
    e.seq = h.seq
    OR ((h.kind IS NULL OR e.kind = h.kind)
        AND (h.since_utc IS NULL OR e.ts_utc >= h.since_utc)
        AND (h.until_utc IS NULL OR e.ts_utc < h.until_utc)
        AND NOT EXISTS (
            SELECT FROM hold_facets w WHERE w.hold = h.seq AND NOT EXISTS (
                SELECT FROM facets f WHERE f.facet = w.facet AND f.value = w.value AND f.seq = e.seq))));

CREATE TABLE boots (boot_id text COLLATE "C" PRIMARY KEY);

-- Each uuid has 122 random bits from the server's operating system.
CREATE TABLE secrets (name text COLLATE "C" PRIMARY KEY, secret bytea NOT NULL CHECK (length(secret) = 32));
INSERT INTO secrets
VALUES ('token_jti', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));
"""

# One statement brings the entries of a transaction, behind the one that moves the head to their end: so
# head and entries never disagree, and there is no gap. The head is looked at again before COMMIT.
_RULES = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
END $$;

CREATE FUNCTION check_added() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, {schema} AS $$
DECLARE
    first bigint; last bigint; added_rows bigint;
BEGIN
    SELECT min(seq), max(seq), count(*) INTO first, last, added_rows FROM added;
    IF last IS NOT NULL AND (
        last - first + 1 <> added_rows
        OR last <> (SELECT seq FROM head)
        OR first < 1
        OR (first > 1 AND NOT EXISTS (SELECT FROM entries WHERE seq = first - 1))
        OR EXISTS (
            SELECT FROM added a
            WHERE a.intent_seq IS NOT NULL
            AND NOT EXISTS (SELECT FROM entries i WHERE i.seq = a.intent_seq AND i.kind = 'access.intent')
        )
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'entries are appended in order, and a completion closes an intent';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION check_head() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, {schema} AS $$
BEGIN
    IF (SELECT seq FROM head) IS DISTINCT FROM (SELECT max(seq) FROM entries) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'the head is where the entries end';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER entries_in_order AFTER INSERT ON entries
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_added();

CREATE TRIGGER head_grows BEFORE UPDATE ON head FOR EACH ROW
WHEN (NEW.id <> OLD.id OR NEW.seq <= OLD.seq) EXECUTE FUNCTION refuse('the head only grows');

CREATE CONSTRAINT TRIGGER head_is_the_end AFTER UPDATE ON head
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_head();
"""

# A body goes with its salt, when an entry tells of it, and after its address; of a delivery that is under way
# or of anything held nothing goes.
_RETENTION_RULES = """
CREATE FUNCTION check_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, {schema} AS $$
BEGIN
    IF OLD.body IS NULL OR OLD.salt IS NULL OR NEW.body IS NOT NULL OR NEW.salt IS NOT NULL
        OR (NEW.seq, NEW.event_id, NEW.kind, NEW.ts_utc, NEW.boot_id, NEW.intent_seq, NEW.leaf_sha256)
            IS DISTINCT FROM
            (OLD.seq, OLD.event_id, OLD.kind, OLD.ts_utc, OLD.boot_id, OLD.intent_seq, OLD.leaf_sha256)
        OR OLD.kind = 'journal.pruned'
        OR (OLD.kind = 'access.intent' AND NOT EXISTS (SELECT FROM entries WHERE intent_seq = OLD.seq))
        OR NOT EXISTS (SELECT FROM pruned WHERE seq = OLD.seq)
        OR EXISTS (SELECT FROM addresses WHERE seq = OLD.seq)
        OR EXISTS (SELECT FROM held WHERE seq IN (OLD.seq, OLD.intent_seq))
        OR EXISTS (SELECT FROM held h JOIN entries c ON c.seq = h.seq WHERE c.intent_seq = OLD.seq)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'entries are never changed, but for bodies that expire';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER entries_only_expire BEFORE UPDATE ON entries FOR EACH ROW EXECUTE FUNCTION check_change();

CREATE FUNCTION check_pruned() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, {schema} AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM entries WHERE seq = NEW.by_seq AND kind = 'journal.pruned') THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a journal.pruned entry tells of it';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bodies_go_with_an_entry BEFORE INSERT ON pruned FOR EACH ROW EXECUTE FUNCTION check_pruned();

CREATE FUNCTION check_hold() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, {schema} AS $$
BEGIN
    IF NEW.lifted_seq IS NOT NULL
        OR NOT EXISTS (SELECT FROM entries WHERE seq = NEW.seq AND kind = 'journal.hold_made')
    THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a journal.hold_made entry tells of it';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER holds_are_made BEFORE INSERT ON holds FOR EACH ROW EXECUTE FUNCTION check_hold();

CREATE FUNCTION check_lifted() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, {schema} AS $$
BEGIN
    IF OLD.lifted_seq IS NOT NULL
        OR (NEW.seq, NEW.kind, NEW.since_utc, NEW.until_utc)
            IS DISTINCT FROM (OLD.seq, OLD.kind, OLD.since_utc, OLD.until_utc)
        OR NOT EXISTS (SELECT FROM entries WHERE seq = NEW.lifted_seq AND kind = 'journal.hold_lifted')
    THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a hold is lifted once, and a journal.hold_lifted entry tells of it';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER holds_are_lifted_once BEFORE UPDATE ON holds FOR EACH ROW EXECUTE FUNCTION check_lifted();

CREATE FUNCTION check_address() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, {schema} AS $$
BEGIN
    IF EXISTS (SELECT FROM held WHERE seq = OLD.seq)
        OR EXISTS (SELECT FROM held h JOIN entries c ON c.seq = h.seq WHERE c.intent_seq = OLD.seq)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'the address of an entry that is held stays';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER addresses_only_expire BEFORE DELETE ON addresses FOR EACH ROW EXECUTE FUNCTION check_address();
"""

# table → what never happens to it
_STAY = {
    "entries": "DELETE OR TRUNCATE",
    "head": "DELETE OR TRUNCATE",
    "subtrees": "UPDATE OR DELETE OR TRUNCATE",
    "checkpoints": "UPDATE OR DELETE OR TRUNCATE",
    "addresses": "UPDATE OR TRUNCATE",
    "pruned": "UPDATE OR DELETE OR TRUNCATE",
    "holds": "DELETE OR TRUNCATE",
    "hold_facets": "UPDATE OR DELETE OR TRUNCATE",
}

# What is no auditor's matter stays out: salts, addresses, and the key under which token ids are sealed.
_VIEWS = """
CREATE VIEW journal_entries AS
SELECT e.seq, e.event_id, e.kind, e.ts_utc, e.boot_id, e.intent_seq, e.leaf_sha256, e.body, p.by_seq AS pruned_by
FROM entries e LEFT JOIN pruned p ON p.seq = e.seq;
CREATE VIEW journal_checkpoints AS SELECT size, note, signed_utc FROM checkpoints;
CREATE VIEW journal_cosignatures AS SELECT size, witness, line, at_utc FROM cosignatures;
CREATE VIEW journal_head AS SELECT seq, frontier FROM head;
"""

_GATEWAY = {
    "entries": "SELECT, INSERT",
    "head": "SELECT, UPDATE (seq, frontier)",
    "subtrees": "SELECT, INSERT",
    "checkpoints": "SELECT, INSERT",
    "cosignatures": "SELECT, INSERT, UPDATE (line, at_utc)",
    "open_intents": "SELECT, INSERT, DELETE",
    "facets": "SELECT, INSERT",
    "addresses": "INSERT",
    "boots": "SELECT, INSERT, DELETE",
    "secrets": "SELECT",
    "pruned": "SELECT",
    "holds": "SELECT",
}
# Beside those of the gateway, whose member it is. To vacuum is to clear away what was taken.
_RETENTION = {
    "entries": "UPDATE (body, salt), MAINTAIN",
    "addresses": "SELECT (seq), DELETE, MAINTAIN",
    "facets": "DELETE, MAINTAIN",
    "pruned": "INSERT",
    "holds": "INSERT, UPDATE (lifted_seq)",
    "hold_facets": "INSERT",
    "held": "SELECT",
}


def upgrade() -> None:
    cursor = op.get_bind().connection.cursor()
    for statements in (_TABLES, _RULES, _RETENTION_RULES, _VIEWS):
        cursor.execute(
            statements.replace("{schema}", SCHEMA)
        )  # several in one text, which SQLAlchemy would not take
    for table, events in _STAY.items():
        op.execute(
            f"CREATE TRIGGER {table}_stay BEFORE {events} ON {table} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION refuse('{table}: what is written stays')"
        )
    for role, its in ((GATEWAY, _GATEWAY), (RETENTION, _RETENTION)):
        for table, rights in its.items():
            grant(rights, table, role)
    for view in ("entries", "checkpoints", "cosignatures", "head"):
        grant("SELECT", f"journal_{view}", AUDITOR)
    grant_revision("journal_revision")
