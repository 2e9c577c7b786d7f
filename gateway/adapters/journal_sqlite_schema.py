"""The tables of the SQLite journal.

entries       one row per entry, in one order without gaps; triggers refuse to change or remove any
head          the one row that hands out the order to all processes
open_intents  intents that nobody has closed yet, with their boots; derived, for recovery
facets        the inverted index of the search: (facet, value) → seq; derived from the bodies, no evidence
addresses     clients' addresses, apart from the entries because they expire sooner
secrets       the key under which token ids are sealed

`body` and `salt` may become null when a body expires; today the triggers refuse that as well.
"""

from __future__ import annotations

USER_VERSION = 1

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

# One transaction: a process that dies in the middle leaves an empty file, not half a journal.
SCHEMA = "\n".join(
    ("BEGIN IMMEDIATE;", _TABLES, _GUARDS, f"PRAGMA user_version = {USER_VERSION};", "COMMIT;")
)
