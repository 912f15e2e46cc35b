// DuckDB's part of the bench, run by sample-logs/bench:
//   node run.mjs load DB GLOB    the files as a new table
//   node run.mjs day DB FILE     one more file into that table, then the class query
// Prints what it cost inside this process, from opening to having closed the
// database, so that the start of node does not count.
import { DuckDBInstance } from "@duckdb/node-api";

const [what, db, file] = process.argv.slice(2);
const text = (s) => "'" + s.replaceAll("'", "''") + "'";

// The ids are said to be numbers: the samples hold a few broken ones, like any
// export, and without this the first rows decide between failing on them and
// keeping all ids as text.
const csv = `read_csv(${text(file)}, types = {'User1Id': 'BIGINT', 'User2Id': 'BIGINT'}, ignore_errors = true)`;

const classes = `CREATE OR REPLACE TABLE verdict AS
SELECT id, CASE WHEN bool_or(media & 48 <> 0) THEN 'enterprise' ELSE 'standard' END AS class,
       count(*) AS n, min(time) AS first, max(time) AS last
FROM (SELECT User1Id AS id, MediaTypes AS media, SessionIdTime AS time, ResponseCode AS code FROM s
      UNION ALL
      SELECT User2Id, MediaTypes, SessionIdTime, ResponseCode FROM s)
WHERE id IS NOT NULL AND code BETWEEN 200 AND 299
  AND time >= (SELECT max(SessionIdTime)::DATE - 89 FROM s)
GROUP BY id`;

const wall = performance.now();
const cpu = process.cpuUsage();
const instance = await DuckDBInstance.create(db);
const c = await instance.connect();
switch (what) {
  case "load":
    await c.run(`CREATE TABLE s AS SELECT * FROM ${csv}`);
    break;
  case "day":
    await c.run(`INSERT INTO s SELECT * FROM ${csv}`);
    await c.run(classes);
    break;
  default:
    throw new Error(`run.mjs: unknown task ${what}`);
}
const rows = Number((await c.runAndReadAll("SELECT count(*) FROM s")).getRows()[0][0]);
await c.run("CHECKPOINT");
c.closeSync();
instance.closeSync();
const used = process.cpuUsage(cpu);
console.log(JSON.stringify({
  wall_s: (performance.now() - wall) / 1e3,
  cpu_s: (used.user + used.system) / 1e6,
  rows,
}));
