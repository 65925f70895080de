# shellcheck shell=bash
# Doing the same for several at once.

# together FUNCTION ARGUMENT…: one job for each argument. When all have ended and any of them failed, this shell ends.
together() {
  local function=$1 argument job jobs=() failed=0
  shift
  # What is interrupted is the waiting; the servers live in sessions of their own, each with its pid file.
  # shellcheck disable=SC2064  # the jobs are filled in when it comes to it
  trap 'kill "${jobs[@]}" 2>/dev/null; interrupted_together' INT TERM
  for argument in "$@"; do
    # shellcheck disable=SC2086  # a chain's names are several arguments
    "$function" $argument &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || failed=1; done
  trap - INT TERM
  ((failed == 0)) || exit 1
}

interrupted_together() {
  ((BASHPID != $$)) || printf '\ninterrupted; what was started goes on running: infra/local/stack down stops it\n' >&2
  exit 130
}
