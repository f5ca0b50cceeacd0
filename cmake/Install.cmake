# What `cmake --install` puts where: the libraries, headers, weir.pc, the package for find_package(weir), the command,
# the ready topologies, the gdb commands. The whole tree may be moved afterwards: nothing in it names the prefix, but for
# where gdb looks by itself.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(weir_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weir)

install(TARGETS weir_shared weir_static EXPORT weirTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/weir DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY config/ DESTINATION ${CMAKE_INSTALL_DATADIR}/weir FILES_MATCHING PATTERN "*.json")
install(FILES share/weir-gdb.py DESTINATION ${CMAKE_INSTALL_DATADIR}/weir)
# Where gdb looks for the commands of a library that is installed under the prefix of this build.
install(FILES share/weir-gdb.py DESTINATION ${CMAKE_INSTALL_DATADIR}/gdb/auto-load${CMAKE_INSTALL_FULL_LIBDIR}
  RENAME libweir.so.${PROJECT_VERSION}-gdb.py)
if(TARGET weir_command)
  file(RELATIVE_PATH weir_lib_from_bin ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  set_target_properties(weir_command PROPERTIES INSTALL_RPATH "$ORIGIN/${weir_lib_from_bin}" EXPORT_NAME command)
  install(TARGETS weir_command EXPORT weirTargets DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

install(EXPORT weirTargets NAMESPACE weir:: DESTINATION ${weir_package_dir})
configure_package_config_file(cmake/weirConfig.cmake.in ${PROJECT_BINARY_DIR}/weirConfig.cmake
  INSTALL_DESTINATION ${weir_package_dir})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/weirConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/weirConfig.cmake ${PROJECT_BINARY_DIR}/weirConfigVersion.cmake
  DESTINATION ${weir_package_dir})

file(RELATIVE_PATH weir_prefix_from_pc ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
list(JOIN weir_stack_options " " weir_pc_cflags)
configure_file(cmake/weir.pc.in weir.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/weir.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
