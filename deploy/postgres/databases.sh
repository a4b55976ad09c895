#!/usr/bin/env bash
# Run once by PostgreSQL's image on an empty volume: for each member a role and a database that is its own.
# A secret is a line as libpq's password file has it, host:port:database:role:password; the service reads the same file.
set -euo pipefail

for file in "${TONGXING_SECRETS:-/run/secrets}"/*-database; do
    IFS=: read -r _ _ database role password <"$file"
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" \
        --set role="$role" --set database="$database" --set password="$password" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"role" ENCODING 'UTF8';
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
done
