# shellcheck shell=sh
# For tests that source it: names of options, one a line, in what programs print.

# The names of the options in a usage line on standard input.
options_of_usage() {
  tr -s '][|' '\n' | awk '
    /^ --/ { sub(/[= ].*/, "", $1); print $1; next }
    /^ -/ { for (k = 2; k <= length($1); k++) print "-" substr($1, k, 1) }'
}

# The names of the options that a help on standard input tells of: those with a text, beside them or in the line below.
options_of_help() {
  awk '
    waiting != "" { if ($0 ~ /^ *[^ ]/ && match($0, /[^ ]/) == 25) printf "%s", waiting; waiting = "" }
    /^  -/ {
      names = $1 "\n"
      sub(/,/, "", names)
      if (match($0, /, --[a-z0-9-]+/)) names = names substr($0, RSTART + 2, RLENGTH - 2) "\n"
      sub(/=[^\n]*/, "", names)
      if (length($0) > 24 && substr($0, 23, 2) == "  ") printf "%s", names
      else waiting = names
    }'
}
