# Installs the build BUILD twice below TREES: as programs/, and with the OpenRC glue as glue/.
file(REMOVE_RECURSE ${TREES})

function(install tree)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env DESTDIR=${TREES}/${tree} ${CMAKE_COMMAND} --install ${BUILD} --prefix /usr ${ARGN}
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

install(programs)
install(glue)
install(glue --component openrc)
