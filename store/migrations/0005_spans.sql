-- What the summaries of several days say together, so that an audit reads a
-- long window in few pieces. Made from the summaries when an audit needs it,
-- dropped when one of the days gets another summary.
CREATE TABLE span (
  id      INTEGER PRIMARY KEY,
  days    INTEGER NOT NULL,      -- how many days: 8, 32 or 128
  day     INTEGER NOT NULL,      -- the first of them, a multiple of that
  kind    INTEGER NOT NULL,      -- 1 counted, calls too, whoever the peer was; 2 calls by class of the peer
  first   INTEGER NOT NULL,      -- least and greatest user (names)
  last    INTEGER NOT NULL,
  pages   BLOB    NOT NULL       -- as in summary, times from the first day on, without segments; of kind 2 with a class for the peer
) STRICT;
CREATE INDEX span_day ON span(days, day, kind);

-- Which spans are there: a quiet span has no rows.
CREATE TABLE spanned (
  days    INTEGER NOT NULL,
  day     INTEGER NOT NULL,
  kind    INTEGER NOT NULL,
  PRIMARY KEY (days, day, kind)
) STRICT, WITHOUT ROWID;

-- The class of every name with which the spans of kind 2 were made, a byte
-- each. When a name gets another class they are made anew.
CREATE TABLE span_classes (
  id      INTEGER PRIMARY KEY CHECK (id=1),
  classes BLOB    NOT NULL
) STRICT;
