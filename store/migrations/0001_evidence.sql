-- Evidence: what was read from which file, row by row accounted for.

-- One command that took in evidence or settings. Directory files that one
-- command met form one snapshot.
CREATE TABLE command (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL            -- seconds since 1970, UTC
) STRICT;

-- One ingested file with its tally. The files of a set share a unit.
CREATE TABLE import (
  id        INTEGER PRIMARY KEY,
  command   INTEGER NOT NULL REFERENCES command(id),
  unit      TEXT    NOT NULL,    -- SHA-256 over the files of the unit, hexadecimal
  path      TEXT    NOT NULL,
  format    TEXT    NOT NULL,
  part      TEXT    NOT NULL,    -- table of a set, or ''
  product   TEXT    NOT NULL,    -- product generation told by the columns, or ''
  zone      TEXT    NOT NULL,    -- time zone in which local times were read
  size      INTEGER NOT NULL,    -- bytes, unpacked
  sha256    TEXT    NOT NULL,    -- of the content, unpacked, hexadecimal
  first     INTEGER,             -- earliest activity, ms since 1970, UTC; NULL without dated activity
  last      INTEGER,
  read      INTEGER NOT NULL,
  stored    INTEGER NOT NULL,
  duplicate INTEGER NOT NULL,
  skipped   INTEGER NOT NULL,
  rejected  INTEGER NOT NULL,
  records   INTEGER NOT NULL,    -- records it added to segments
  lookups   INTEGER NOT NULL,    -- lookup rows it added
  entries   INTEGER NOT NULL,    -- directory entries it added
  pruned    INTEGER NOT NULL DEFAULT 0, -- records of it that were dropped since
  complete  INTEGER NOT NULL,    -- 0: rows wait for a sibling table, so the file is read again when its set changes
  skips     TEXT    NOT NULL,    -- JSON: reason -> rows
  notes     TEXT    NOT NULL,    -- JSON: list of sentences
  seal      TEXT    NOT NULL,    -- SHA-256 over the seal before and this row: a later change is seen
  CHECK (read = stored + duplicate + skipped + rejected)
) STRICT;
CREATE INDEX import_sha256 ON import(sha256, format);

-- Source rows that could not be taken, with why.
CREATE TABLE reject (
  import INTEGER NOT NULL REFERENCES import(id),
  line   INTEGER NOT NULL,
  what   TEXT    NOT NULL,
  raw    TEXT    NOT NULL
) STRICT;
CREATE INDEX reject_import ON reject(import, line);

-- Text behind the ids in segments: people, machines, clients, servers.
CREATE TABLE name (
  id   INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,         -- 1 user, 2 device, 3 endpoint, 4 client, 5 server, 6 source
  text TEXT    NOT NULL,
  UNIQUE (kind, text)
) STRICT;

-- Records: a block of up to 4096 source rows of one UTC day from one file,
-- packed by store/segment. Blocks are only ever added or dropped whole.
CREATE TABLE segment (
  id      INTEGER PRIMARY KEY,
  day     INTEGER NOT NULL,      -- days since 1970 of the records' natural keys, UTC
  family  INTEGER NOT NULL,      -- 1 sign-ins, 2 sessions, 3 meetings, 4 plain activities
  import  INTEGER NOT NULL REFERENCES import(id),
  records INTEGER NOT NULL,
  low     INTEGER NOT NULL,      -- least and greatest key time in the block, ms
  high    INTEGER NOT NULL,
  first   INTEGER,               -- earliest and latest activity, ms; NULL without dated activity
  last    INTEGER,
  reach   INTEGER NOT NULL,      -- how late anything in the block still has effect, ms
  block   BLOB    NOT NULL
) STRICT;
CREATE INDEX segment_day ON segment(day, family);
CREATE INDEX segment_reach ON segment(reach);
CREATE INDEX segment_import ON segment(import);

-- Rows of lookup tables that were seen: first 16 bytes of a SHA-256.
CREATE TABLE lookup (hash BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

-- Keys of plain rows with a session, and the day under which they are filed:
-- the same key on another day is found through this.
CREATE TABLE plain_key (
  hash BLOB NOT NULL,
  day  INTEGER NOT NULL,
  PRIMARY KEY (hash, day)
) STRICT, WITHOUT ROWID;

-- Keys that stand for more than one row: the least row holds, the others are
-- reported.
CREATE TABLE plain_conflict (hash BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

-- Directory entries by content, and the files that hold them.
CREATE TABLE entry (
  id     INTEGER PRIMARY KEY,
  sha256 BLOB NOT NULL UNIQUE,
  data   TEXT NOT NULL           -- JSON
) STRICT;

CREATE TABLE directory_file (
  id      INTEGER PRIMARY KEY,
  import  INTEGER NOT NULL REFERENCES import(id),
  context TEXT    NOT NULL,      -- naming context, e.g. dc=contoso,dc=com
  changed INTEGER,               -- greatest whenChanged, seconds; NULL when none
  partial INTEGER NOT NULL,      -- 1: rows were rejected or the file was cut, so absence from it says nothing
  entries BLOB    NOT NULL       -- varints: entry id difference (zigzag), line
) STRICT;

-- Which directory files a command met, changed or not.
CREATE TABLE snapshot (
  command   INTEGER NOT NULL REFERENCES command(id),
  file      INTEGER NOT NULL REFERENCES directory_file(id),
  file_date INTEGER,             -- day of the file on disk, seconds; NULL when not known
  PRIMARY KEY (command, file)
) STRICT, WITHOUT ROWID;

-- Settings files: those of the newest command that met one are in force.
CREATE TABLE setting (
  command INTEGER NOT NULL REFERENCES command(id),
  kind    TEXT    NOT NULL,      -- licenses or estate
  path    TEXT    NOT NULL,
  data    BLOB    NOT NULL
) STRICT;

-- What was pruned: evidence before this day is incomplete.
CREATE TABLE pruned (
  at     INTEGER NOT NULL,       -- seconds since 1970, UTC
  before INTEGER NOT NULL        -- days since 1970
) STRICT;

-- Saved audits.
CREATE TABLE run (
  id     INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,       -- seconds since 1970, UTC
  report TEXT    NOT NULL,       -- JSON, calaudit.report/1
  digest TEXT    NOT NULL,
  chain  TEXT    NOT NULL        -- SHA-256 over the chain value before and this report
) STRICT;

-- The subjects of a run: gzip of JSON lines, some hundred a block, sorted.
CREATE TABLE run_subjects (
  run   INTEGER NOT NULL REFERENCES run(id),
  kind  TEXT    NOT NULL,        -- user or device
  first TEXT    NOT NULL,        -- id of the first subject in the block
  last  TEXT    NOT NULL,
  block BLOB    NOT NULL,
  PRIMARY KEY (run, kind, first)
) STRICT, WITHOUT ROWID;
