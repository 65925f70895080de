# shellcheck shell=bash
# Processes by their pid files: started detached, recognised by a mark that only they carry, stopped by pid only.
# Wants: vendzz_local_dir, say.sh, a function `marker NAME` that prints the mark, and `marked_in`: cmdline when it is an
# argument, environ when it is a variable of the environment. For wait_until_ready: `what_is_missing NAME` and `patience_setting`.

pid_file() { echo "$vendzz_local_dir/run/$1.pid"; }
log_file() { echo "$vendzz_local_dir/log/$1.log"; }

# is_process PID NAME: whether PID lives and is that process, not another one that got its number.
is_process() {
  grep -zqxF -e "$(marker "$2")" "/proc/$1/$marked_in" 2>/dev/null
}

# pid_of NAME: prints its pid, or fails. Trusts the pid file only after a look at the process; where the file is lost, the
# process is found by its mark and the file is written again.
pid_of() {
  local name=$1 file pid mark found
  file=$(pid_file "$name")
  if [[ -s $file ]]; then
    pid=$(<"$file")
    if [[ $pid =~ ^[0-9]+$ ]] && is_process "$pid" "$name"; then
      echo "$pid"
      return
    fi
  fi
  [[ -d $vendzz_local_dir/run ]] || return 1
  # By standard input: as an argument the marker would make grep find itself.
  mark=$(marker "$name")
  # Processes that end meanwhile are no failure; what was found counts.
  # shellcheck disable=SC2062  # the pattern is a glob of files
  found=$(grep -lzxF --file=- /proc/[0-9]*/"$marked_in" 2>/dev/null <<<"$mark") || [[ -n $found ]] || return 1
  pid=${found#/proc/}
  pid=${pid%%/*}
  write_pid "$pid" "$file"
  echo "$pid"
}

write_pid() { echo "$1" >"$2.new" && mv -f "$2.new" "$2"; }

# Runs in the new session: lets go of every inherited descriptor (a pipe the caller waits on, the lock), leaves its own pid,
# and becomes the program. So no moment exists in which the program runs without a pid file.
# shellcheck disable=SC2016
become_program='
pid_file=$1; shift
for descriptor in /proc/$$/fd/*; do
  descriptor=${descriptor##*/}
  if ((descriptor > 2)); then eval "exec $descriptor>&-"; fi
done
echo "$$" >"$pid_file.new" && mv -f "$pid_file.new" "$pid_file" && exec "$@"'

# launch NAME COMMAND…: starts it in a session of its own, so that neither Ctrl-C nor the end of the shell reaches it.
launch() {
  local name=$1 log file
  shift
  log=$(log_file "$name")
  file=$(pid_file "$name")
  rm -f "$file"
  if [[ -f $log && $(stat -c %s "$log") -gt 50000000 ]]; then mv -f "$log" "$log.1"; fi
  touch "$log"
  echo $(($(stat -c %s "$log") + 1)) >"$vendzz_local_dir/run/$name.log-start"
  printf '=== %s started %s\n' "$name" "$(date -u +%FT%TZ)" >>"$log"
  setsid bash -c "$become_program" become-program "$file" "$@" </dev/null >>"$log" 2>&1 &
  local tries=0
  until [[ -s $file ]]; do
    ((++tries < 100)) || fail "$name: no process after 10 s" "look into $log"
    sleep 0.1
  done
}

# log_since_start NAME: what the process wrote since its last start.
log_since_start() { tail -c "+$(<"$vendzz_local_dir/run/$1.log-start")" "$(log_file "$1")"; }

# log_says NAME TEXT. It reads to the end: a reader that leaves early (grep -q) would fail the pipe.
log_says() { [[ $(log_since_start "$1" | grep -cF -e "$2") != 0 ]]; }

# last_words NAME [LINES]: each line cut, since some servers write thousands of characters.
last_words() { log_since_start "$1" | grep -v '^[[:space:]]*$' | tail -n "${2:-1}" | cut -c1-300; }

# wait_until_ready NAME STARTED_MS SECONDS: NAME_ready is asked until it says yes; now and then, and at the end, it is told
# what_is_missing.
wait_until_ready() {
  local name=$1 started=$2 limit=$3 ready=${1//-/_}_ready next_word=10 elapsed
  until "$ready"; do
    elapsed=$((($(now_ms) - started) / 1000))
    if ! pid_of "$name" >/dev/null; then
      last_words "$name" 15 | sed 's/^/    | /' >&2
      fail "$name died while starting" "the whole log: $(log_file "$name")"
    fi
    if ((elapsed >= limit)); then
      last_words "$name" 5 | sed 's/^/    | /' >&2
      fail "$name is not ready after $limit s: $(what_is_missing "$name")" "it goes on running; the whole log: $(log_file "$name")" \
        "more patience: $patience_setting=$((limit * 2))"
    fi
    if ((elapsed >= next_word)); then
      say "$name" "waiting, $elapsed s: $(what_is_missing "$name" | cut -c1-120)"
      next_word=$((next_word + 10))
    fi
    sleep 0.2
  done
}

# stop_process NAME SIGNAL SECONDS: signal, wait, and at last kill -9.
stop_process() {
  local name=$1 signal=$2 limit=$3 started pid
  started=$(now_ms)
  if ! pid=$(pid_of "$name"); then
    if [[ -e $(pid_file "$name") ]]; then say "$name" 'was not running (stale pid file removed)'; fi
    rm -f "$(pid_file "$name")"
    return
  fi
  kill -s "$signal" "$pid" 2>/dev/null || [[ ! -e /proc/$pid ]] || fail "$name: may not signal pid $pid"
  while is_process "$pid" "$name"; do
    if (($(now_ms) - started > limit * 1000)); then
      say "$name" "did not end within $limit s: kill -9"
      kill_process "$name"
      return
    fi
    sleep 0.1
  done
  rm -f "$(pid_file "$name")"
  say "$name" "stopped in $(seconds_since "$started") s"
}

# kill_process NAME: kill -9 of the process and everything below it, as a power cut would.
kill_process() {
  local name=$1 pid below
  if ! pid=$(pid_of "$name"); then
    say "$name" 'was not running'
    rm -f "$(pid_file "$name")"
    return
  fi
  below=$(descendants "$pid")
  # shellcheck disable=SC2086  # a list of pids
  kill -9 "$pid" $below 2>/dev/null || [[ ! -e /proc/$pid ]] || fail "$name: may not kill pid $pid"
  while is_process "$pid" "$name"; do sleep 0.05; done
  rm -f "$(pid_file "$name")"
  say "$name" "killed (pid $pid)"
}

# descendants PID: the pids of its children and theirs.
descendants() {
  local child
  while read -r child; do
    echo "$child"
    descendants "$child"
  done < <(cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '{ pid = $1; sub(/^.*\) /, ""); if ($2 == parent) print pid }')
}

# running_for PID: h:mm:ss.
running_for() {
  local seconds=$(($(date +%s) - $(stat -c %Y "/proc/$1")))
  printf '%d:%02d:%02d' $((seconds / 3600)) $((seconds / 60 % 60)) $((seconds % 60))
}

resident_mb() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$1/status"; }
