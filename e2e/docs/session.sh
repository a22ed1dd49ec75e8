# What a reader has at hand, in words of bash: the commands of the guides, with the services that they start in the background.
set -o pipefail
exec 2>&1

# `serve` goes on in the background, and says what it says; the one that served before ends.
longhaul() {
  if [ "$1" != serve ]; then
    command longhaul "$@"
    return
  fi
  if [ -n "${served:-}" ]; then
    kill "$served"
    wait "$served" || true
  fi
  : >served.txt
  command longhaul "$@" >served.log 2>served.txt &
  served=$!
  until grep -q '^  screen ' served.txt; do
    kill -0 "$served" || { cat served.txt && return 1; }
    sleep 0.1
  done
  cat served.txt
}

# No meter, and an answer that is an error is one.
curl() {
  command curl --silent --show-error --fail-with-body "$@"
}

npx() {
  "$@"
}
