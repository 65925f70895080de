# shellcheck shell=bash
# Apicurio, the schema registry with Confluent's API; it keeps its schemas in PostgreSQL.

registry_ports() { echo "$VENDZZ_REGISTRY_PORT VENDZZ_REGISTRY_PORT"; }

registry_start() {
  local program java_command
  program=$(servers_folder)/registry/unpacked
  java_command 256m
  launch registry env \
    QUARKUS_HTTP_HOST=127.0.0.1 QUARKUS_HTTP_PORT="$VENDZZ_REGISTRY_PORT" QUARKUS_LOG_LEVEL=WARN \
    QUARKUS_LOG_CONSOLE_JSON=false APICURIO_STORAGE_KIND=sql APICURIO_STORAGE_SQL_KIND=postgresql \
    APICURIO_DATASOURCE_URL="jdbc:postgresql://127.0.0.1:$VENDZZ_POSTGRES_PORT/registry" \
    APICURIO_DATASOURCE_USERNAME=vendzz APICURIO_DATASOURCE_PASSWORD=vendzz \
    "${java_command[@]}" "$(marker registry)" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -cp "$program/lib/*" -jar "$(echo "$program"/apicurio-registry-app-*-runner.jar)"
}

registry_answers() { http_ok "$VENDZZ_REGISTRY_URL/subjects"; }

# A reader of any version must be able to read a record of any other.
registry_ready() {
  registry_answers && curl --silent --fail --max-time 5 --output /dev/null -X PUT -H 'content-type: application/json' \
    --data '{"compatibility":"FULL_TRANSITIVE"}' "$VENDZZ_REGISTRY_URL/config"
}

# When PostgreSQL was started again under it, its pool still holds connections to the old one, and each fails
# one request before it is replaced. Requests that nobody waits for take them out.
registry_after_postgres() {
  local try in_a_row=0
  for ((try = 0; try < 50 && in_a_row < 5; try++)); do
    if registry_answers; then in_a_row=$((in_a_row + 1)); else in_a_row=0; fi
  done
  ((in_a_row == 5)) || fail 'the registry does not answer after the restart of PostgreSQL' 'infra/local/stack kill registry, then up'
}
