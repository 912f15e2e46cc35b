#!/usr/bin/env bash
# Runs the query of `calaudit export --about counts` in DuckDB on Parquet files
# and compares with the report. Usage: .ci/duckdb.sh CALAUDIT
# Needs node and npm.
set -euo pipefail
calaudit=$(realpath "$1")
repo=$(realpath "$(dirname "$0")/..")
for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "no $tool on the path: the DuckDB query cannot be checked"; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --no-package-lock --no-audit --no-fund --loglevel=error @duckdb/node-api@1.5.6-r.1 >/dev/null
cat > run.mjs <<'JS'
import { DuckDBInstance } from '@duckdb/node-api';
import { readFileSync } from 'node:fs';
const db = await (await DuckDBInstance.create(':memory:')).connect();
await db.run(readFileSync('views.sql', 'utf8'));
const found = await db.runAndReadAll(readFileSync('counts.sql', 'utf8'));
for (const row of found.getRowsJson()) console.log(row.join(' '));
JS
(cd "$repo" && go run ./sample-logs/generate -users 300 -days 30 -seed 9 -out "$work/company" >/dev/null)
"$calaudit" run "$work/company" --db a.db --quiet --fail-on never --format json > report.json
"$calaudit" export parquet --db a.db --quiet
"$calaudit" export --about views parquet > views.sql
"$calaudit" export --about counts > counts.sql
node run.mjs > duckdb.txt
cat duckdb.txt
# The sums over the classes are the totals of the report.
node -e '
  const fs = require("fs"), totals = JSON.parse(fs.readFileSync("report.json")).totals;
  const got = { user: [0, 0, 0], device: [0, 0, 0] };
  for (const line of fs.readFileSync("duckdb.txt", "utf8").trim().split("\n")) {
    const [kind, , ...n] = line.split(" ");
    n.forEach((x, i) => got[kind][i] += Number(x));
  }
  for (const [kind, t] of [["user", totals.users], ["device", totals.devices]]) {
    const want = [t.required, t.undetermined, t.exempt];
    if (String(want) !== String(got[kind])) {
      console.error(`DuckDB counts ${got[kind]} ${kind}s (required, undetermined, exempt), the audit ${want}`);
      process.exit(1);
    }
  }
'
