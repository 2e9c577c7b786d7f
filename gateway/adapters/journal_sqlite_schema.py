"""The tables of the SQLite journal.

entries       one row per entry, in one order without gaps; triggers refuse to change or remove any, but
              for bodies and salts that become null together when they expire
head          the one row that hands out the order to all processes, with the tree's frontier at that size
subtrees      the tree's whole subtrees of tile heights (level 1: 256 leaves); leaves are in entries
checkpoints   signed notes, one per size; cosignatures: a witness's newest line on one of them
open_intents  intents that nobody has closed yet, with their boots; derived, for recovery
facets        the inverted index of the search: (facet, value) → seq; derived from the bodies, no evidence
addresses     clients' addresses, apart from the entries because they expire sooner
pruned        which journal.pruned entry took the body of an entry
holds         what is kept although it has expired, by the seq of its journal.hold_made entry: kind and times
              of a search here, its facets in hold_facets; held is a view of what standing holds keep
secrets       the key under which token ids are sealed
"""

from __future__ import annotations

USER_VERSION = 4

_GUARDS = """
CREATE TRIGGER entries_in_order BEFORE INSERT ON entries
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entries)
  OR EXISTS (SELECT 1 FROM entries WHERE event_id = NEW.event_id)
  OR (NEW.kind = 'access.completion') IS NOT (NEW.intent_seq IS NOT NULL)
  OR (NEW.intent_seq IS NOT NULL AND (
        NOT EXISTS (SELECT 1 FROM entries WHERE seq = NEW.intent_seq AND kind = 'access.intent')
        OR EXISTS (SELECT 1 FROM entries WHERE intent_seq = NEW.intent_seq)))
BEGIN SELECT RAISE(ABORT, 'entries are appended in order, and an intent is closed once'); END;

CREATE TRIGGER entries_stay BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never removed'); END;

CREATE TRIGGER entries_do_not_change BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;

CREATE TRIGGER head_grows BEFORE UPDATE ON head WHEN NEW.seq <= OLD.seq OR NEW.id <> OLD.id
BEGIN SELECT RAISE(ABORT, 'the head only grows'); END;

CREATE TRIGGER head_stays BEFORE DELETE ON head
BEGIN SELECT RAISE(ABORT, 'the head is never removed'); END;
"""

_TABLES = """
CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL) STRICT;
INSERT INTO head VALUES (1, 0);

CREATE TABLE entries (
    seq         INTEGER PRIMARY KEY,
    event_id    TEXT NOT NULL UNIQUE,
    kind        TEXT NOT NULL,
    ts_utc      TEXT NOT NULL,
    boot_id     TEXT NOT NULL,
    intent_seq  INTEGER,
    leaf_sha256 TEXT NOT NULL CHECK (length(leaf_sha256) = 64),
    body        TEXT,
    salt        TEXT
) STRICT;
CREATE INDEX entries_by_time ON entries (ts_utc);
CREATE UNIQUE INDEX completions ON entries (intent_seq) WHERE intent_seq IS NOT NULL;

CREATE TABLE open_intents (seq INTEGER PRIMARY KEY, boot_id TEXT NOT NULL) STRICT;

CREATE TABLE facets (
    facet TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (facet, value, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE addresses (
    seq INTEGER PRIMARY KEY, address TEXT NOT NULL, salt TEXT NOT NULL
) STRICT;

CREATE TABLE secrets (name TEXT PRIMARY KEY, secret BLOB NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO secrets VALUES ('token_jti', randomblob(32));
"""

# From version 1, which had leaves and no tree over them.
_TREE = """
ALTER TABLE head ADD COLUMN frontier BLOB NOT NULL DEFAULT x'' CHECK (length(frontier) % 32 = 0);

CREATE TABLE subtrees (
    level INTEGER NOT NULL CHECK (level >= 1), place INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
    size INTEGER PRIMARY KEY, note TEXT NOT NULL, signed_utc TEXT NOT NULL
) STRICT;

CREATE TABLE cosignatures (
    size INTEGER NOT NULL, witness TEXT NOT NULL, line TEXT NOT NULL, at_utc TEXT NOT NULL,
    PRIMARY KEY (size, witness)
) STRICT, WITHOUT ROWID;
CREATE INDEX cosignatures_by_time ON cosignatures (witness, at_utc);
"""
# The frontier of a journal of version 1 is made once, at the size that it has.
_TREE_GUARDS = """
DROP TRIGGER head_grows;
CREATE TRIGGER head_grows BEFORE UPDATE ON head
WHEN NEW.id <> OLD.id OR NEW.seq < OLD.seq OR (NEW.seq = OLD.seq AND OLD.frontier <> x'')
BEGIN SELECT RAISE(ABORT, 'the head only grows'); END;
""" + "\n".join(
    f"""CREATE TRIGGER {table}_{way}_not BEFORE {action} ON {table}
BEGIN SELECT RAISE(ABORT, 'the tree only grows'); END;"""
    for table in ("subtrees", "checkpoints")
    for way, action in (("change", "UPDATE"), ("leave", "DELETE"))
)

# From version 2, which searched by fewer facets. As `facets_of` gives them; a completion has its intent's.
_FACETS = """
INSERT INTO facets
SELECT field.value, json_extract(told.body, '$.' || field.value), e.seq
FROM entries e
JOIN entries told ON told.seq = coalesce(e.intent_seq, e.seq)
CROSS JOIN json_each('["action", "release", "case_ref", "refusal"]') field
WHERE json_extract(told.body, '$.' || field.value) IS NOT NULL
ORDER BY 1, 2, 3;
"""

# From version 3, whose bodies did not expire. An entry is held with the other half of its delivery.
_RETENTION = """
CREATE TABLE pruned (seq INTEGER PRIMARY KEY, by_seq INTEGER NOT NULL) STRICT;

CREATE TABLE holds (
    seq INTEGER PRIMARY KEY, kind TEXT, since_utc TEXT, until_utc TEXT, lifted_seq INTEGER
) STRICT;

CREATE TABLE hold_facets (
    hold INTEGER NOT NULL, facet TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (hold, facet, value)
) STRICT, WITHOUT ROWID;

CREATE VIEW held (seq, hold) AS
SELECT e.seq, h.seq FROM holds h CROSS JOIN entries e
WHERE h.lifted_seq IS NULL AND (
    e.seq = h.seq
    OR ((h.kind IS NULL OR e.kind = h.kind)
        AND (h.since_utc IS NULL OR e.ts_utc >= h.since_utc)
        AND (h.until_utc IS NULL OR e.ts_utc < h.until_utc)
        AND NOT EXISTS (
            SELECT 1 FROM hold_facets w WHERE w.hold = h.seq AND NOT EXISTS (
                SELECT 1 FROM facets f
                WHERE f.facet = w.facet AND f.value = w.value AND f.seq = e.seq))));

CREATE TRIGGER bodies_go_with_an_entry BEFORE INSERT ON pruned
WHEN NEW.by_seq <= NEW.seq
  OR NOT EXISTS (SELECT 1 FROM entries WHERE seq = NEW.by_seq AND kind = 'journal.pruned')
BEGIN SELECT RAISE(ABORT, 'a journal.pruned entry tells of it'); END;

CREATE TRIGGER holds_are_made BEFORE INSERT ON holds
WHEN NEW.lifted_seq IS NOT NULL
  OR NOT EXISTS (SELECT 1 FROM entries WHERE seq = NEW.seq AND kind = 'journal.hold_made')
BEGIN SELECT RAISE(ABORT, 'a journal.hold_made entry tells of it'); END;

CREATE TRIGGER holds_are_lifted_once BEFORE UPDATE ON holds
WHEN OLD.lifted_seq IS NOT NULL OR NEW.seq IS NOT OLD.seq OR NEW.kind IS NOT OLD.kind
  OR NEW.since_utc IS NOT OLD.since_utc OR NEW.until_utc IS NOT OLD.until_utc
  OR NOT EXISTS (
      SELECT 1 FROM entries WHERE seq = NEW.lifted_seq AND kind = 'journal.hold_lifted')
BEGIN SELECT RAISE(ABORT, 'a hold is lifted once, and a journal.hold_lifted entry tells of it'); END;

DROP TRIGGER entries_do_not_change;
CREATE TRIGGER entries_do_not_change BEFORE UPDATE ON entries
WHEN OLD.body IS NULL OR OLD.salt IS NULL OR NEW.body IS NOT NULL OR NEW.salt IS NOT NULL
  OR NEW.seq IS NOT OLD.seq OR NEW.event_id IS NOT OLD.event_id OR NEW.kind IS NOT OLD.kind
  OR NEW.ts_utc IS NOT OLD.ts_utc OR NEW.boot_id IS NOT OLD.boot_id
  OR NEW.intent_seq IS NOT OLD.intent_seq OR NEW.leaf_sha256 IS NOT OLD.leaf_sha256
  OR OLD.kind = 'journal.pruned'
  OR (OLD.kind = 'access.intent'
      AND NOT EXISTS (SELECT 1 FROM entries WHERE intent_seq = OLD.seq))
  OR NOT EXISTS (SELECT 1 FROM pruned WHERE seq = OLD.seq)
  OR EXISTS (SELECT 1 FROM addresses WHERE seq = OLD.seq)
  OR EXISTS (SELECT 1 FROM held WHERE seq IN (
      OLD.seq, OLD.intent_seq, (SELECT seq FROM entries WHERE intent_seq = OLD.seq)))
BEGIN SELECT RAISE(ABORT, 'entries are never changed, but for bodies that expire'); END;

CREATE TRIGGER addresses_only_expire BEFORE DELETE ON addresses
WHEN EXISTS (SELECT 1 FROM held WHERE seq IN (
    OLD.seq, (SELECT seq FROM entries WHERE intent_seq = OLD.seq)))
BEGIN SELECT RAISE(ABORT, 'the address of an entry that is held stays'); END;
"""
_RETENTION_STAYS = "\n".join(
    f"""CREATE TRIGGER {table}_{way}_not BEFORE {action} ON {table}
BEGIN SELECT RAISE(ABORT, 'retention is told of, and what was told stays'); END;"""
    for table, way, action in (
        ("pruned", "change", "UPDATE"),
        ("pruned", "leave", "DELETE"),
        ("holds", "leave", "DELETE"),
        ("hold_facets", "change", "UPDATE"),
        ("hold_facets", "leave", "DELETE"),
        ("addresses", "change", "UPDATE"),
    )
)

# version → what makes the next one of it. Before 1 there is nothing.
STEPS = {
    0: "\n".join((_TABLES, _GUARDS)),
    1: "\n".join((_TREE, _TREE_GUARDS)),
    2: _FACETS,
    3: "\n".join((_RETENTION, _RETENTION_STAYS)),
}
