# Run by CPack when everything is installed, before it is packed.
if(CPACK_GENERATOR STREQUAL "DEB")
  file(GLOB_RECURSE documents "${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/man/*")
  file(GLOB changelogs "${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/doc/*/changelog")
  foreach(changelog IN LISTS changelogs)
    file(RENAME "${changelog}" "${changelog}.Debian")
    list(APPEND documents "${changelog}.Debian")
  endforeach()
  execute_process(COMMAND gzip -9n ${documents} COMMAND_ERROR_IS_FATAL ANY)
endif()

# The archive has the times of the files in it.
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  execute_process(
    COMMAND find "${CPACK_TEMPORARY_DIRECTORY}" -exec touch -h -d "@$ENV{SOURCE_DATE_EPOCH}" "{}" +
    COMMAND_ERROR_IS_FATAL ANY)
endif()
