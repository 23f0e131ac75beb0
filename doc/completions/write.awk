# Writes what is different from program to program; see make. Its input, separated by tabs:
#   PROGRAM option LETTER LONG VALUE TEXT
#   PROGRAM operands WORD...

# What can be completed for a value or an operand of this name: none for nothing, or one of service (its directory),
# name (of a service), instance (of the service before it, by name), part (of a tree: a scan directory or the name of a
# service), directory, file, user, group, command, or "words:" and a list.
function kind(name) {
  sub(/\.\.\.$/, "", name)
  if (name == "signal") return "words:ALRM ABRT QUIT HUP KILL TERM INT USR1 USR2 STOP CONT WINCH"
  if (name == "u|U|d|D|r|R") return "words:u U d D r R"
  if (name == "field")
    return "words:up wantedup normallyup ready paused pid pgid exitcode signal signum" \
           " updownsince readysince updownfor readyfor"
  if (name == "key") return "words:name state age deaths"
  if (name == "POLICY") return "words:other batch idle fifo rr"
  if (name == "servicedir") return "service"
  if (name == "scandir" && program == "s6-svls") return "part"
  if (name == "name" && program == "s6-svunlink" || name == "service") return "name"
  # A new one needs a new name.
  if (name == "name" && program ~ /^s6-instance-/) return program == "s6-instance-create" ? "none" : "instance"
  if (name ~ /^(dir|scandir|fifodir|template|logdir|directory|DIR)$/) return "directory"
  if (name ~ /^(lockfile|script|console|FILE)$/) return "file"
  if (name ~ /^(account|user|loguser|USER\[:GROUP\])$/) return "user"
  if (name ~ /^(group|GROUP)$/) return "group"
  if (name == "prog") return "command"
  return "none"
}

# --- bash: options, the kinds of their values, and those of the operands, in a branch of a case --------------------
function begin_bash() {
  if (program_count++ == 0) print "# Made from the help of the programs.\n_s6_native_data() {\n  case $1 in" >bash
  printf "    %s)\n      options='", program >bash
  bash_values = ""
}
function bash_option() {
  if (letter != "") printf "-%s ", letter >bash
  if (long != "") printf "--%s%s ", long, (value == "" ? "" : "=") >bash
  if (value == "") return
  if (letter != "") bash_values = bash_values "\n        -" letter "=" kind(value)
  if (long != "") bash_values = bash_values "\n        --" long "=" kind(value)
}
function end_bash(  i) {
  printf "'\n      values='%s'\n      operands='", bash_values >bash
  for (i = 1; i <= operand_count; i++)
    printf "%s%s%s", (i == 1 ? "" : " "), kind(operands[i]), (operands[i] ~ /\.\.\.$/ ? "..." : "") >bash
  print "'\n      ;;" >bash
}

# --- zsh: the same as arguments of _arguments --------------------------------------------------------------------
function zsh_action(name,  what) {
  what = kind(name)
  if (what == "none") return " "
  if (what ~ /^words:/) return "(" substr(what, 7) ")"
  if (what == "service") return "_s6_native_services"
  if (what == "name") return "_s6_native_names"
  if (what == "instance") return "_s6_native_instances"
  if (what == "part") return "_s6_native_parts"
  if (what == "directory") return "_files -/"
  if (what == "file") return "_files"
  if (what == "user") return "_users"
  if (what == "group") return "_groups"
}
function zsh_quoted(words) {
  gsub(/[:\\\]\[]/, "\\\\&", words)
  gsub(/'/, "'\\''", words)
  return words
}
function begin_zsh() {
  zsh_branch = "    " program ")\n      arguments=("
}
function zsh_option(  action) {
  action = value == "" ? "" : ":" zsh_quoted(value) ":" zsh_action(value)
  if (letter != "")
    zsh_branch = zsh_branch "\n        '*-" letter (value == "" ? "" : "+") "[" zsh_quoted(text) "]" action "'"
  if (long != "")
    zsh_branch = zsh_branch "\n        '*--" long (value == "" ? "" : "=-") "[" zsh_quoted(text) "]" action "'"
}
function end_zsh(  i, many) {
  for (i = 1; i <= operand_count; i++) {
    many = operands[i] ~ /\.\.\.$/
    if (kind(operands[i]) == "command") {
      zsh_branch = zsh_branch "\n        '*::program:_normal'"
      break
    }
    zsh_branch = zsh_branch "\n        '" (many ? "*" : i) ":" zsh_quoted(operands[i]) ":" zsh_action(operands[i]) "'"
    if (many) break
  }
  zsh_branches = zsh_branches zsh_branch "\n      )\n      ;;\n"
  zsh_programs = zsh_programs " " program
}

# --- fish: a file per program ------------------------------------------------------------------------------------
function fish_action(what) {
  if (what ~ /^words:/) return " -x -a '" substr(what, 7) "'"
  if (what == "directory") return " -x -a '(__fish_complete_directories)'"
  if (what == "file") return " -r -F"
  if (what == "user") return " -x -a '(__fish_complete_users)'"
  if (what == "group") return " -x -a '(__fish_complete_groups)'"
  return " -x"
}
function fish_quoted(words) {
  gsub(/[\\']/, "\\\\&", words)
  return words
}
function begin_fish() {
  fish = out "/fish/" program ".fish"
  printf "" >fish
}
function fish_option() {
  printf "complete -c %s", program >fish
  if (letter != "") printf " -s %s", letter >fish
  if (long != "") printf " -l %s", long >fish
  if (value != "") printf "%s", fish_action(kind(value)) >fish
  printf " -d '%s'\n", fish_quoted(text) >fish
}
# Where the operand stands is not looked at: what can be an operand at all is offered, but no second instanced service.
function fish_candidates(what) {
  if (what == "service") return "__s6_native_services"
  if (what == "name") return "__s6_native_services --names"
  if (what == "instance") return "__s6_native_instances"
  if (what == "directory" || what == "part") return "__fish_complete_directories"
  if (what == "user") return "__fish_complete_users"
}
function end_fish(  i, what, only, unless) {
  only = " -f"
  for (i = 1; i <= operand_count; i++) {
    what = kind(operands[i])
    if (what == "file" || what == "command" && i > 1) only = ""
  }
  for (i = 1; i <= operand_count; i++) {
    what = kind(operands[i])
    unless = what == "service" && operands[i + 1] == "name" ? " -n 'not __s6_native_instanced >/dev/null'" : ""
    if (unless != "" && only != "") print "complete -c " program only >fish
    if (fish_candidates(what))
      printf "complete -c %s%s%s -a '(%s)'\n", program, only, unless, fish_candidates(what) >fish
    if (what == "command" && i == 1) printf "complete -c %s -x -a '(__fish_complete_subcommand)'\n", program >fish
  }
  close(fish)
}

function end_program() {
  if (program == "") return
  end_bash()
  end_zsh()
  end_fish()
}

BEGIN {
  bash = out "/bash/s6-native"
  zsh = out "/zsh/_s6-native"
}
$1 != program {
  end_program()
  program = $1
  operand_count = 0
  begin_bash()
  begin_zsh()
  begin_fish()
}
$2 == "operands" { operand_count = split($3, operands, / +/) ? drop_empty() : 0 }
$2 == "option" {
  letter = $3
  long = $4
  value = $5
  text = $6
  bash_option()
  zsh_option()
  fish_option()
}
# split leaves empty words where the line begins or ends with blanks.
function drop_empty(  i, count) {
  count = 0
  for (i = 1; i in operands; i++) if (operands[i] != "") operands[++count] = operands[i]
  return count
}
END {
  end_program()
  print "  esac\n}" >bash
  print "#compdef" zsh_programs "\n# Made from the help of the programs.\nlocal -a arguments\ncase $service in" >zsh
  printf "%s", zsh_branches >zsh
  print "esac" >zsh
}
