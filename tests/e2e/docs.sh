# What the commands of the documents meet (docs.test.mjs). A reader's terminal has several windows, and
# patience; here a bot runs in the background, and what would take hours is only looked up.
running=""

# The clicker ends with 0; scripts/run tells the signal.
finish() {
  local code=0
  if [[ -n $running ]]; then
    kill -TERM "$running"
    wait "$running" || code=$?
  fi
  running=""
  ((code == 0 || code == 143))
}
trap finish EXIT

# start LINE COMMAND...: in the background, until its output has the line.
start() {
  local line=$1
  shift
  finish
  : >running.log
  "$@" >>running.log 2>&1 &
  running=$!
  until grep -qE "$line" running.log; do
    kill -0 "$running" || { cat running.log >&2; return 1; }
    sleep 0.05
  done
}

clicker() {
  if (($#)); then command clicker "$@"; else start 'new store|restored' command clicker; fi
}

# "Stop the bot before", say the documents.
telekv() {
  case $1 in import | restore | rekey) finish ;; esac
  command telekv "$@"
}

make() {
  if [[ $1 == run ]]; then
    # With a token it would go to the real Telegram.
    start 'The clicker is running' env -u BOT_TOKEN "$TELEKV_SOURCE/scripts/run" "$TELEKV_BIN"
  else
    command make --dry-run --directory="$TELEKV_SOURCE" "$@" >/dev/null
  fi
}
