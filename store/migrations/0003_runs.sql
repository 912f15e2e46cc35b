-- The subjects of a run in two planes: what was decided, which is much the same
-- from night to night and then kept once, and the figures.

CREATE TABLE plane (
  id    INTEGER PRIMARY KEY,
  sha256 BLOB   NOT NULL UNIQUE, -- of the lines in data
  data  BLOB    NOT NULL         -- DEFLATE of JSON lines: subjects, sorted, without the figures of their reasons
) STRICT;

ALTER TABLE run_subjects RENAME TO run_subjects_1;

CREATE TABLE run_subjects (
  run     INTEGER NOT NULL REFERENCES run(id),
  kind    TEXT    NOT NULL,      -- user or device
  first   TEXT    NOT NULL,      -- id of the first subject in the block
  last    TEXT    NOT NULL,
  plane   INTEGER NOT NULL REFERENCES plane(id),
  figures BLOB    NOT NULL,      -- columns of all reasons: count, first, last (seconds since 1970, 0 for none)
  PRIMARY KEY (run, kind, first)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_subjects_plane ON run_subjects(plane);

ALTER TABLE run ADD COLUMN as_of TEXT NOT NULL DEFAULT '';
UPDATE run SET as_of=json_extract(report, '$.as_of');
