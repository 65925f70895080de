# shellcheck shell=bash
# Apache Cassandra, which stands in for ScyllaDB.

cassandra_ports() {
  echo "$VENDZZ_CQL_PORT VENDZZ_CQL_PORT"
  echo "$VENDZZ_CQL_STORAGE_PORT VENDZZ_CQL_STORAGE_PORT"
}

cassandra_start() {
  local data=$vendzz_local_dir/data/cassandra conf=$vendzz_local_dir/conf/cassandra libraries java_command
  libraries=$(servers_folder)/cassandra
  mkdir -p "$conf" "$data"
  render "$servers/cassandra/cassandra.yaml" "$conf/cassandra.yaml" \
    "PORT=$VENDZZ_CQL_PORT" "STORAGE_PORT=$VENDZZ_CQL_STORAGE_PORT" "DATA=$data"
  java_command 1g
  launch cassandra "${java_command[@]}" "$(marker cassandra)" "@$servers/cassandra/jvm.options" \
    -javaagent:"$(echo "$libraries"/jamm-*.jar)" -Dcassandra.config="file://$conf/cassandra.yaml" \
    -Dcassandra.storagedir="$data" -Dcassandra.logdir="$vendzz_local_dir/log" \
    -Dlogback.configurationFile="$servers/cassandra/logback.xml" \
    -cp "$conf:$libraries/*" org.apache.cassandra.service.CassandraDaemon
}

cassandra_answers() { cql_speaks "$VENDZZ_CQL_PORT"; }
cassandra_ready() { log_says cassandra 'Starting listening for CQL clients' && cassandra_answers; }
