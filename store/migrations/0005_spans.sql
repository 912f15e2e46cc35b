-- What the summaries of several days say together, so that an audit reads a
-- long window in few pieces. Made from the summaries when an audit needs it,
-- dropped when one of the days gets another summary.
CREATE TABLE span (
  id      INTEGER PRIMARY KEY,
  days    INTEGER NOT NULL,      -- how many days: 4, 16 or 64
  day     INTEGER NOT NULL,      -- the first of them, a multiple of that
  kind    INTEGER NOT NULL,      -- 1 counted, 2 calls counted by peer, as in summary; 0: nothing, the span is there
  first   INTEGER NOT NULL,      -- least and greatest user (names)
  last    INTEGER NOT NULL,
  pages   BLOB    NOT NULL       -- as in summary, times from the first day on, without segments
) STRICT;
CREATE INDEX span_day ON span(days, day, kind);
