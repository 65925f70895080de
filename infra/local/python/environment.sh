# shellcheck shell=bash
# The Python environment of the tests, in .local/python. Wants: vendzz_local_dir, vendzz_checkout, say.sh.

make_python_environment() {
  local folder=$vendzz_local_dir/python wanted=$vendzz_checkout/infra/local/python/requirements.txt started log
  # `ready` is a copy of what was installed: another pin, and it is made again.
  if cmp -s "$wanted" "$folder/ready"; then return; fi
  started=$(now_ms)
  log=$vendzz_local_dir/log/python.log
  mkdir -p "$vendzz_local_dir/log"
  say python "installing $(grep -v '^#' "$wanted" | paste -sd' ') into $folder"
  { python3 -m venv --clear "$folder" && "$folder/bin/python" -m pip install --requirement "$wanted"; } >"$log" 2>&1 ||
    fail 'the Python environment could not be made' "the log: $log"
  cp "$wanted" "$folder/ready"
  say python "installed in $(seconds_since "$started") s"
}
