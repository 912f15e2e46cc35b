-- The marks of names beside each other: a look-up of one person reads all of
-- them, and reads them alone.
CREATE INDEX dictionary_marks ON dictionary(kind, first, marks);
