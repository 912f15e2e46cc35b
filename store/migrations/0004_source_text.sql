-- The text of source rows, kept on demand (--keep-evidence), so that evidence
-- can be read when the exports are gone.

-- Imports whose text is kept, in the order of keeping. Kept is the text of
-- exactly the rows whose records or directory subjects are held.
CREATE TABLE source_kept (
  id     INTEGER PRIMARY KEY,
  import INTEGER NOT NULL UNIQUE REFERENCES import(id),
  rows   INTEGER NOT NULL,
  sha256 TEXT    NOT NULL,       -- over the unpacked blocks in their order, hexadecimal
  seal   TEXT    NOT NULL        -- SHA-256 over the seal before, the import's seal and this row
) STRICT;

-- Texts of up to 256 KiB a block, packed with Zstandard: varints (number of
-- rows, then for each its line less the line before and its length in bytes),
-- then the texts in UTF-8 without their last line ends.
CREATE TABLE source_text (
  id     INTEGER PRIMARY KEY,
  import INTEGER NOT NULL REFERENCES import(id),
  first  INTEGER NOT NULL,       -- line of the first row
  last   INTEGER NOT NULL,       -- line where the last row begins
  rows   INTEGER NOT NULL,
  block  BLOB    NOT NULL
) STRICT;
CREATE INDEX source_text_import ON source_text(import, first);
