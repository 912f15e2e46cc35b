-- A usable audit with nothing but the sqlite3 command line: import, two
-- indexes, a daily aggregate, and a class for each user. Run by the bench in
-- the folder of SessionDetails.csv.
.import --csv SessionDetails.csv s
CREATE INDEX s_user1 ON s(User1Id, SessionIdTime);
CREATE INDEX s_user2 ON s(User2Id, SessionIdTime);
CREATE TABLE agg AS
SELECT user, media, substr(time, 1, 10) AS day, count(*) AS n, min(time) AS first, max(time) AS last
FROM (SELECT User1Id AS user, MediaTypes AS media, SessionIdTime AS time FROM s WHERE ResponseCode LIKE '2__'
      UNION ALL
      SELECT User2Id, MediaTypes, SessionIdTime FROM s WHERE ResponseCode LIKE '2__')
WHERE user <> ''
GROUP BY user, media, day;
-- 16 audio and 32 video need the Enterprise CAL, everything else Standard.
CREATE TABLE verdict AS
SELECT user, CASE WHEN max(CAST(media AS INTEGER) & 48) > 0 THEN 'enterprise' ELSE 'standard' END AS class,
       sum(n) AS n, min(first) AS first, max(last) AS last
FROM agg
GROUP BY user;
SELECT count(*) FROM s;
