-- How many subjects of each class need a licence: worked out from activities,
-- standing states and rules, not read off the verdicts. Runs in DuckDB on the
-- Parquet files (see views.sql) and in SQLite on the plain tables.
WITH
who AS (SELECT name_id, kind, subject, class FROM identities WHERE name_kind IN ('user', 'shared')),
peer AS (SELECT name_id, class FROM identities WHERE name_kind = 'user'),
machine AS (SELECT name_id, subject FROM identities WHERE name_kind = 'machine'),
-- Every use: by whom, on which machine, judged by the first rule for its case.
used AS (
  SELECT who.kind AS kind, who.subject AS subject, who.class AS class, a.activity AS activity,
    CASE WHEN a.activity IN ('call-placed', 'call-received')
      THEN coalesce(peer.class, CASE WHEN a.peer_pstn THEN 'pstn' ELSE '' END) ELSE '' END AS peer_class,
    CASE WHEN a.activity = 'conference-attended' AND a.role IN ('organizer', 'presenter') THEN 1 ELSE 0 END AS presents,
    CASE WHEN a.activity IN ('im-session', 'call-placed', 'call-received')
      OR a.activity = 'conference-attended' AND a.role IN ('organizer', 'presenter') THEN coalesce(a.modality, '') ELSE '' END AS media,
    -- A state is on no machine. An identity that is a device and was used on no
    -- known machine was used on itself.
    coalesce(CASE WHEN a.activity NOT IN ('im-identity', 'voice-extension') THEN coalesce(own.subject, endpoint.subject) END,
      CASE WHEN who.kind = 'device' THEN who.subject END) AS machine
  FROM activities a
  JOIN who ON who.name_id = a.user_id
  LEFT JOIN peer ON peer.name_id = a.peer_id
  LEFT JOIN machine own ON own.name_id = a.device_id
  LEFT JOIN machine endpoint ON endpoint.name_id = a.endpoint_id
  UNION ALL
  SELECT kind, subject, class, activity, '', 0, '', CASE WHEN kind = 'device' THEN subject END FROM standing
),
judged AS (
  SELECT used.kind AS kind, used.subject AS subject, used.machine AS machine,
    CASE rules.outcome WHEN 'required' THEN 2 WHEN 'undetermined' THEN 1 ELSE 0 END AS weight
  FROM used
  LEFT JOIN subjects room ON used.kind = 'device' AND room.kind = 'device' AND room.id = used.subject AND room.class = 'room-system'
  JOIN rules ON rules.class = used.class AND rules.activity = used.activity AND coalesce(rules.peer_class, '') = used.peer_class
    AND CASE WHEN rules.presents THEN 1 ELSE 0 END = used.presents
    AND CASE WHEN rules.sharing THEN 1 ELSE 0 END = CASE WHEN used.media LIKE '%sharing%' THEN 1 ELSE 0 END
    AND CASE WHEN rules.data THEN 1 ELSE 0 END = CASE WHEN used.media LIKE '%data%' THEN 1 ELSE 0 END
    AND CASE WHEN rules.room_system THEN 1 ELSE 0 END = CASE WHEN room.id IS NULL THEN 0 ELSE 1 END
),
-- The strongest outcome counts. The estate's exemptions and the readings that
-- set a person aside are given; so is who is covered by another's licence,
-- which the assignment of licences decides.
found AS (
  SELECT 'user' AS kind, subject, max(weight) AS weight FROM judged WHERE kind = 'user' GROUP BY subject
  UNION ALL
  -- The use of a person who is taken out asks nothing of the machine either.
  SELECT 'device', machine, max(CASE WHEN u.exemption IS NOT NULL OR u.set_aside IS NOT NULL THEN 0 ELSE weight END)
  FROM judged LEFT JOIN subjects u ON judged.kind = 'user' AND u.kind = 'user' AND u.id = judged.subject
  WHERE machine IS NOT NULL GROUP BY machine
)
SELECT s.kind AS kind, s.class AS class,
  sum(CASE WHEN f.weight = 2 AND s.exemption IS NULL AND s.set_aside IS NULL AND s.covered_by IS NULL THEN 1 ELSE 0 END) AS required,
  sum(CASE WHEN f.weight = 1 AND s.exemption IS NULL AND s.set_aside IS NULL AND s.covered_by IS NULL THEN 1 ELSE 0 END) AS undetermined,
  sum(CASE WHEN f.weight = 0 OR s.exemption IS NOT NULL OR s.set_aside IS NOT NULL OR s.covered_by IS NOT NULL THEN 1 ELSE 0 END) AS exempt
FROM found f JOIN subjects s ON s.kind = f.kind AND s.id = f.subject
GROUP BY s.kind, s.class
ORDER BY s.kind, s.class
