# shellcheck shell=bash
# How the scripts of the local stack speak: progress to standard output, mistakes to standard error.

say() { printf '  %-17s %s\n' "$1" "$2"; }

# fail WHAT_HAPPENED [WHAT_TO_CHANGE…]
fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  local hint
  for hint in "$@"; do printf '       %s\n' "$hint" >&2; done
  exit 1
}

now_ms() { local micros=${EPOCHREALTIME/[.,]/}; echo $((micros / 1000)); }

# seconds_since START_MS: with one digit after the point.
seconds_since() {
  local tenths=$((($(now_ms) - $1 + 50) / 100))
  printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}
