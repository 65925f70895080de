# shellcheck shell=bash
# Start, crash, stop and clean.

an_interrupted_start_leaves_no_orphan() {
  local starter process name known=' '
  "$stack" up >/dev/null 2>&1 &
  starter=$!
  until [[ $(marked | wc -l) -ge 3 ]]; do
    [[ -e /proc/$starter ]] || problem 'the start ended before it could be interrupted'
    sleep 0.1
  done
  kill -TERM "$starter"
  if wait "$starter"; then problem 'an interrupted start ended well'; fi
  sleep 1
  for name in "${servers[@]}"; do
    if [[ -e $VENDZZ_LOCAL_DIR/run/$name.pid ]]; then known+="$(pid "$name") "; fi
  done
  for process in $(marked); do
    process=${process#/proc/}
    [[ $known == *" ${process%/cmdline} "* ]] || problem "an orphan without a pid file: $process"
  done
  [[ $known != ' ' ]] || problem 'nothing had been started when it was interrupted'
  succeeds "$stack" down
  [[ -z $(marked) ]] || problem 'something is left after down'
  pass 'an interrupted start leaves nothing that down does not stop'
}

starts_in_a_pipe() {
  # A pipe ends only when no server holds its writing end, neither as its output nor as some other descriptor.
  # shellcheck disable=SC2016
  timeout 180 bash -o pipefail -c '{ "$1" up 2>&1 9>&1; } | cat' pipe "$stack" >"$work/up.log" 2>&1 ||
    problem "up | cat failed or did not end: $(cat "$work/up.log")"
  succeeds "$stack" status
  pass "all six start and answer ($(grep -o 'up after .*' "$work/up.log"))"
}

does_nothing_the_second_time() {
  local before started
  before=$(cat "$VENDZZ_LOCAL_DIR"/run/*.pid)
  started=$SECONDS
  succeeds "$stack" up
  says 'up already'
  ((SECONDS - started <= 3)) || problem 'the second up took its time'
  [[ $before == "$(cat "$VENDZZ_LOCAL_DIR"/run/*.pid)" ]] || problem 'the second up changed a process'
  pass 'up a second time does nothing'
}

finds_a_server_whose_pid_file_is_lost() {
  local before
  before=$(pid kafka)
  rm "$VENDZZ_LOCAL_DIR/run/kafka.pid"
  succeeds "$stack" up
  [[ $(pid kafka) == "$before" ]] || problem 'the running server was not found again'
  pass 'a server whose pid file is lost is found again'
}

# send_mail RECIPIENT MESSAGE_ID: prints `accepted`, or what it was answered instead.
send_mail() {
  "$python" "$tests/send_mail.py" "$VENDZZ_SMTP_PORT" "$VENDZZ_LOCAL_DIR/smtp-tls/ca.pem" "$VENDZZ_LOCAL_DIR/smtp-password" "$@"
}

# mails_kept MESSAGE_ID: how often the journal has it, and how many files have it.
mails_kept() {
  local mail=$VENDZZ_LOCAL_DIR/data/mail
  echo "$(grep -cF "\"<$1>\"" "$mail/journal.jsonl") $(grep -rlF "Message-ID: <$1>" "$mail/new" | wc -l)"
}

write_data() {
  [[ $(send_mail ana@ok.example first@ok.example) == accepted ]] || problem 'the first mail was not accepted'
  registry=http://127.0.0.1:$VENDZZ_REGISTRY_PORT/apis/ccompat/v7
  schema=$(curl -sf -H 'content-type: application/json' "$registry/subjects/stack-test/versions" \
    --data '{"schema": "{\"type\": \"record\", \"name\": \"Kept\", \"fields\": []}"}')
  "$python" "$tests/kafka_records.py" write "127.0.0.1:$VENDZZ_KAFKA_PORT" stack-test one two three
  "$python" "$tests/cql_query.py" "$VENDZZ_CQL_PORT" \
    "CREATE KEYSPACE stack_test WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}" \
    'CREATE TABLE stack_test.kept (id text PRIMARY KEY)' \
    "INSERT INTO stack_test.kept (id) VALUES ('kept')"
}

check_data() {
  [[ $(curl -sf "$registry/schemas/ids/$(grep -o '[0-9]*' <<<"$schema")") == *Kept* ]] || problem 'the schema (in PostgreSQL) is lost'
  [[ $(curl -sf "$registry/config") == *FULL_TRANSITIVE* ]] || problem 'the registry checks something else than FULL_TRANSITIVE'
  [[ $("$python" "$tests/kafka_records.py" read "127.0.0.1:$VENDZZ_KAFKA_PORT" stack-test | paste -sd' ') == 'one two three' ]] ||
    problem 'the records in Kafka are lost'
  [[ $("$python" "$tests/cql_query.py" "$VENDZZ_CQL_PORT" "SELECT id FROM stack_test.kept WHERE id = 'kept'") == kept ]] ||
    problem 'the row in Cassandra is lost'
  [[ $(mails_kept first@ok.example) == '1 1' ]] || problem 'the mail is lost'
  [[ $(tail -n 20 "$VENDZZ_LOCAL_DIR/log/postgres-replica.log") == *'started streaming WAL'* ]] ||
    problem 'the replica does not follow'
}

keeps_its_data_through_kill_9() {
  local name pids=()
  write_data
  check_data
  # By hand, all at once, so that the pid files are left behind; and at once after a write, which must be on disk by then.
  for name in "${servers[@]}"; do pids+=("$(pid "$name")"); done
  "$python" "$tests/cql_query.py" "$VENDZZ_CQL_PORT" "INSERT INTO stack_test.kept (id) VALUES ('last')"
  [[ $(send_mail ana@ok.example last@ok.example) == accepted ]] || problem 'the last mail was not accepted'
  kill -9 "${pids[@]}"
  fails "$stack" status
  succeeds "$stack" up
  check_data
  [[ $("$python" "$tests/cql_query.py" "$VENDZZ_CQL_PORT" "SELECT id FROM stack_test.kept WHERE id = 'last'") == last ]] ||
    problem 'the write directly before the kill is lost'
  [[ $(mails_kept last@ok.example) == '1 1' ]] || problem 'the mail directly before the kill is lost'
  succeeds "$stack" kill "${servers[@]}"
  succeeds "$stack" up
  check_data
  pass 'after kill -9 of everything, twice, up has the data'
}

answers_mails_as_their_domains_say() {
  local sent kept domain answer
  while read -r domain answer kept; do
    sent=$(send_mail "ana@$domain" "once@$domain")
    [[ $sent == "$answer" ]] || problem "a mail to $domain: $sent instead of $answer"
    [[ $(mails_kept "once@$domain") == "$kept $kept" ]] || problem "a mail to $domain is kept otherwise than $kept times"
  done <<'EOF'
ok.example accepted 1
later.example 450 0
refused.example 550 0
cut.example cut 1
lost.example cut 0
EOF
  [[ $(send_mail ana@ok.example plain@ok.example --plain) == 530 ]] || problem 'a mail was taken without STARTTLS'
  [[ $(send_mail ana@ok.example wrong@ok.example --wrong-password) == 535 ]] || problem 'a wrong password was accepted'
  [[ $(stat -c %a "$VENDZZ_LOCAL_DIR/smtp-password" "$VENDZZ_LOCAL_DIR/smtp-tls/server-key.pem" | paste -sd' ') == '600 600' ]] ||
    problem 'others may read the password or the key'
  pass 'the SMTP server wants STARTTLS and a password, and answers as the domains say'
}

stops_and_starts_one_by_name() {
  local kafka_before
  kafka_before=$(pid kafka)
  succeeds "$stack" down registry
  fails "$stack" status
  succeeds "$stack" up registry
  [[ $(pid kafka) == "$kafka_before" ]] || problem 'another server was touched'
  check_data
  # The registry runs on without it, and is silent until it is back.
  succeeds "$stack" down postgres
  succeeds "$stack" up
  [[ $(pid kafka) == "$kafka_before" ]] || problem 'another server was touched'
  check_data
  pass 'one server stops and starts by its name'
}

# Shared memory of System V outlives its process when that is killed.
shared_memory() { awk 'NR > 1 { print $2 }' /proc/sysvipc/shm | sort; }

clean_leaves_nothing() {
  local port shared_memory_before
  succeeds "$stack" down
  shared_memory_before=$(shared_memory)
  succeeds "$stack" up postgres
  kill -9 "$(pid postgres)"
  succeeds "$stack" clean
  [[ ! -e $VENDZZ_LOCAL_DIR ]] || problem 'the folder is still there'
  [[ -z $(marked) ]] || problem 'a process is still there'
  [[ $(shared_memory) == "$shared_memory_before" ]] || problem 'shared memory is still there'
  for port in "$VENDZZ_KAFKA_PORT" "$VENDZZ_CQL_PORT" "$VENDZZ_POSTGRES_PORT" "$VENDZZ_POSTGRES_REPLICA_PORT" "$VENDZZ_REGISTRY_PORT" \
    "$VENDZZ_SMTP_PORT"; do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then problem "port $port is still open"; fi
  done
  pass 'clean leaves no process, no port and no file'
}
