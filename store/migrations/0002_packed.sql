-- Packed evidence: words (names, parties, usages, look-up rows) in blocks,
-- records in blocks of at most 512 rows that refer to parties, and summaries
-- of the days for the audit. The rows of the old tables are carried over by
-- the program (store/migrate_2.go).

-- Numbered words: block N of a kind holds the words N to N+words-1. Kinds: 1
-- names (texts of people, machines, clients, servers), 2 parties (a user at an
-- endpoint with a client), 3 usages (what facts must agree in to be counted
-- together), 4 rows of look-up tables (first 16 bytes of a SHA-256).
CREATE TABLE dictionary (
  kind  INTEGER NOT NULL,
  first INTEGER NOT NULL,
  words INTEGER NOT NULL,
  marks BLOB    NOT NULL,        -- of names: two bytes of a hash of each, to find one without reading all; else empty
  block BLOB    NOT NULL,
  PRIMARY KEY (kind, first)
) STRICT;

ALTER TABLE segment RENAME TO segment_1;
DROP INDEX segment_day;
DROP INDEX segment_reach;
DROP INDEX segment_import;

-- Records: a block of up to 512 source rows of one UTC day from one file,
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
CREATE INDEX segment_key ON segment(day, family, low, high);
CREATE INDEX segment_lasting ON segment(reach, day) WHERE reach>=(day+1)*86400000;
CREATE INDEX segment_last ON segment(last);
CREATE INDEX segment_import ON segment(import, records, first, last);

-- What the records of a day say, counted by usage, for the audit, and in which
-- segments they stand, for the page of one person. Made from the segments when
-- an audit needs it, dropped when the day gets another segment.
CREATE TABLE summary (
  id      INTEGER PRIMARY KEY,
  day     INTEGER NOT NULL,
  kind    INTEGER NOT NULL,      -- 1 counted, 2 calls counted by peer, 3 facts that reach beyond the day, each with its times
  first   INTEGER NOT NULL,      -- least and greatest user (names)
  last    INTEGER NOT NULL,
  reach   INTEGER NOT NULL,      -- how late anything in it still has effect, ms
  pages   BLOB    NOT NULL       -- one after the other: length, first user, last user less first, page
) STRICT;
CREATE INDEX summary_day ON summary(day, kind, first, last);
CREATE INDEX summary_reach ON summary(reach) WHERE kind=3;

-- Days whose summary is there, and by which version of the reading.
CREATE TABLE summarised (
  day     INTEGER PRIMARY KEY,
  version INTEGER NOT NULL
) STRICT;

-- Days for which a format gave dated activities.
CREATE TABLE coverage (
  format TEXT    NOT NULL,
  day    INTEGER NOT NULL,       -- days since 1970, UTC
  PRIMARY KEY (format, day)
) STRICT, WITHOUT ROWID;

-- A file of a size that was never met need not be hashed before it is read.
CREATE INDEX import_size ON import(size);
CREATE INDEX import_unit ON import(unit, format);
