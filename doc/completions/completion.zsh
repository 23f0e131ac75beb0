
# Paths of the services in the first of the places of scan directories that there is.
_s6_native_list() {
  local directory
  for directory in $S6_SCANDIR /run/openrc/s6-scan /run/service /service; do
    [[ -d $directory ]] || continue
    reply=(${directory%/}/*(N-/))
    return
  done
  reply=()
}

# By its path, or by its name, which then becomes the path; or any directory.
_s6_native_services() {
  local -a reply found
  _s6_native_list
  found=(${(M)reply:#(${(b)PREFIX}*|*/${(b)PREFIX}[^/]#)})
  _wanted services expl service compadd -U -a found
  _files -/
}

_s6_native_names() {
  local -a reply
  _s6_native_list
  _wanted services expl service compadd -- ${reply:t}
}

# Of the service that is the first operand, by their names.
_s6_native_instances() {
  local -a found
  found=(${~${(Q)line[1]}}/instance/*(N-/))
  _wanted instances expl instance compadd -- ${found:t}
}

_s6_native_parts() {
  _s6_native_names
  _files -/
}

_arguments -s -S -A '-*' : $arguments
