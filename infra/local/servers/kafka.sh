# shellcheck shell=bash
# Apache Kafka: one node, broker and controller at once.

kafka_ports() {
  echo "$VENDZZ_KAFKA_PORT VENDZZ_KAFKA_PORT"
  echo "$VENDZZ_KAFKA_CONTROLLER_PORT VENDZZ_KAFKA_CONTROLLER_PORT"
}

kafka_start() {
  local data=$vendzz_local_dir/data/kafka conf=$vendzz_local_dir/conf/kafka java_command
  mkdir -p "$conf" "$data"
  render "$servers/kafka/server.properties" "$conf/server.properties" \
    "PORT=$VENDZZ_KAFKA_PORT" "CONTROLLER_PORT=$VENDZZ_KAFKA_CONTROLLER_PORT" "DATA=$data"
  java_command 1g
  java_command+=(-Dlog4j2.configurationFile="$servers/kafka/log4j2.properties" -cp "$(servers_folder)/kafka/*")
  # meta.properties is written last, and whole; without it nothing is in the folder yet.
  if [[ ! -e $data/meta.properties ]]; then
    "${java_command[@]}" kafka.tools.StorageTool format --cluster-id "$(kafka_new_cluster_id)" \
      --config "$conf/server.properties" >"$(log_file kafka-format)" 2>&1 ||
      fail 'kafka: its data folder could not be formatted' "the log: $(log_file kafka-format)"
  fi
  launch kafka "${java_command[@]}" "$(marker kafka)" -XX:MaxGCPauseMillis=20 kafka.Kafka "$conf/server.properties"
}

# A UUID in base64 for URLs, without padding and never starting with a dash.
kafka_new_cluster_id() { printf 'v%s' "$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c2-22)"; }

kafka_answers() { kafka_speaks "$VENDZZ_KAFKA_PORT"; }
kafka_ready() { log_says kafka 'Kafka Server started' && kafka_answers; }
