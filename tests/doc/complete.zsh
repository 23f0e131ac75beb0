# complete.zsh FUNCTIONS LINE FILE: writes what the last word of the command line can become into the file, one
# candidate a line. An interactive zsh, on a terminal of its own, completes the line instead of editing it and ends.
zmodload zsh/zpty
export S6_FUNCTIONS=$1 S6_LINE=$2 S6_CANDIDATES=$3

setup() {
  fpath=($S6_FUNCTIONS $fpath)
  autoload -Uz compinit && compinit -u -D
  # Writes down what is to be added, and lets requests for lists of candidates be.
  compadd() {
    local -a candidates
    if [[ ${@[1,(i)(-|--)]} != *-[OAD]\ * ]]; then
      builtin compadd -A candidates "$@"
      (($#candidates)) && print -rl -- $candidates >>$S6_CANDIDATES
    fi
    builtin compadd "$@"
  }
  complete_all() { _main_complete }
  zle -C complete-all complete-word complete_all
  unsetopt auto_list  # it asks before it lists many
  zle-line-init() {
    BUFFER=$S6_LINE
    CURSOR=$#BUFFER
    zle complete-all
    exit
  }
  zle -N zle-line-init
}
export S6_SETUP=$(functions setup)

zpty shell 'TERM=dumb exec zsh -f -i'
zpty -w shell 'eval "$S6_SETUP"; setup'
while zpty -r shell ignored; do :; done
