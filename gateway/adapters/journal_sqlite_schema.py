"""The tables of the SQLite journal.

entries       one row per entry, in one order without gaps; triggers refuse to change or remove any
head          the one row that hands out the order to all processes, with the tree's frontier at that size
subtrees      the tree's whole subtrees of tile heights (level 1: 256 leaves); leaves are in entries
checkpoints   signed notes, one per size; cosignatures: a witness's newest line on one of them
open_intents  intents that nobody has closed yet, with their boots; derived, for recovery
facets        the inverted index of the search: (facet, value) → seq; derived from the bodies, no evidence
addresses     clients' addresses, apart from the entries because they expire sooner
secrets       the key under which token ids are sealed

`body` and `salt` may become null when a body expires; today the triggers refuse that as well.
"""

from __future__ import annotations

USER_VERSION = 3

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

# version → what makes the next one of it. Before 1 there is nothing.
STEPS = {
    0: "\n".join((_TABLES, _GUARDS)),
    1: "\n".join((_TREE, _TREE_GUARDS)),
    2: _FACETS,
}
