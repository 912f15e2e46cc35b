-- A hash over the seal of the setting before and this row, so that a later
-- change is seen. Those that are there are sealed as they are (store/settings.go).
ALTER TABLE setting ADD COLUMN seal TEXT NOT NULL DEFAULT '';
