#!/bin/sh
# Becomes a program that knows nothing of who started it. start-stop-daemon has closed all descriptors for this.
#
# boot.sh FIFO PROGRAM...: descriptor 3 is the FIFO, and stderr too: who reads it learns that the program is ready, or
# why it is not.
exec 3>"$1" 2>&3
shift
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
