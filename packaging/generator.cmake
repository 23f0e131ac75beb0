# Read by CPack for each generator, before it installs.
if(CPACK_GENERATOR STREQUAL "DEB")
  # By DESTDIR: the glue has paths of its own below /etc, and writes down where the programs are when it is installed.
  set(CPACK_SET_DESTDIR ON)
  set(CPACK_INSTALL_PREFIX /usr)
  set(CPACK_COMPONENTS_ALL Unspecified deb-programs openrc deb-openrc)
endif()
