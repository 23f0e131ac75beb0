# Reads what `llvm-cov export -format=lcov` writes, prints a table of folders, and the lines that are never executed for
# which there is no reason. See tests/coverage/run.
#
# A line of the file `reasons` is FILE, a blank, and the text of a line of that file as it stands there without its
# indentation. The reason stands above, as a comment, for all that follow until the next one.

function trim(text) {
  sub(/^[ \t]+/, "", text)
  sub(/[ \t]+$/, "", text)
  return text
}

BEGIN {
  while ((getline line < reasons) > 0)
    if (line !~ /^#/ && line != "") excused[line] = 1
  print "" > list
}

# The same header is in several records; a line or a branch is executed if it is so anywhere.
/^SF:/ {
  file = substr($0, 4)
  file = index(file, top) == 1 ? substr(file, length(top) + 1) : ""
  sub(/^build\/[^\/]*\/\.\.\/\.\.\//, "", file)  # a compiler cache makes paths relative to where it runs
}
/^DA:/ && file != "" {
  split(substr($0, 4), part, ",")
  key = file SUBSEP part[1]
  if (part[2] > hits[key] || !(key in hits)) hits[key] = part[2] + 0
}
/^BRDA:/ && file != "" {
  split(substr($0, 6), part, ",")
  key = file SUBSEP part[1] SUBSEP part[2] SUBSEP part[3]
  taken = part[4] == "-" ? 0 : part[4] + 0
  if (taken > branches[key] || !(key in branches)) branches[key] = taken
}

END {
  order = split("common supervise svscan svc svwait svstat chain log instance", folders, " ")
  strict = 6  # the first of them must reach the limits
  for (key in hits) {
    split(key, part, SUBSEP)
    folder = part[1]
    sub(/\/.*/, "", folder)
    lines[folder]++
    if (hits[key] > 0) executed[folder]++
    else missing[part[1]] = missing[part[1]] " " part[2]
  }
  for (key in branches) {
    folder = key
    sub(/\/.*/, "", folder)
    outcomes[folder]++
    if (branches[key] > 0) seen[folder]++
  }
  failed = 0
  print "| folder | lines | executed | branches | taken |"
  print "| --- | --: | --: | --: | --: |"
  for (i = 1; i <= order; i++) {
    f = folders[i]
    if (!lines[f]) continue
    share_of_lines = 100 * executed[f] / lines[f]
    share_of_branches = outcomes[f] ? 100 * seen[f] / outcomes[f] : 100
    printf "| `%s/` | %d | %.1f %% | %d | %.1f %% |\n", f, lines[f], share_of_lines, outcomes[f], share_of_branches
    if (i <= strict && (share_of_lines < 95 || share_of_branches < 90)) failed = 1
  }
  for (file in missing) {
    folder = file
    sub(/\/.*/, "", folder)
    for (i = 1; i <= order && folders[i] != folder; i++) continue
    if (i > order) continue  # a header of the tests
    count = split(missing[file], numbers, " ")
    delete wanted
    for (i = 1; i <= count; i++) wanted[numbers[i]] = 1
    number = 0
    while ((getline text < (top file)) > 0) {
      number++
      if (!(number in wanted)) continue
      text = trim(text)
      if (text == "}" || text == "") continue  # the end of what is not executed
      print file ":" number ": " text > list
      if ((file " " text) in excused) continue
      print "no test executes, and no reason: " file ":" number ": " text
      failed = 1
    }
    close(top file)
  }
  exit failed
}
