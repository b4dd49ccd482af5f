# What `cmake --install` puts where, in three components: the programs, the emulator, and the library
# as a CMake package (find_package(telekv); examples/counter uses it).
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(telekv_headers "${CMAKE_INSTALL_INCLUDEDIR}/telekv")
set(telekv_package "${CMAKE_INSTALL_LIBDIR}/cmake/telekv")

# telekv_export(TARGET NAME): the target as telekv::NAME. Names that begin with internal_ are there to
# be linked by the others, and promise nothing.
function(telekv_export target name)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} INTERFACE "$<INSTALL_INTERFACE:${telekv_headers}>")
  install(TARGETS ${target} EXPORT telekv_targets
          ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT library)
endfunction()

telekv_export(telekv_kv kv)
telekv_export(telekv_vault vault)
telekv_export(telekv_telegram telegram)
telekv_export(telekv_vault_forms internal_vault_forms)
telekv_export(telekv_proto internal_proto)
telekv_export(telekv_asio internal_asio)
telekv_export(telekv_beast internal_beast)

install(DIRECTORY src/kv src/vault src/telegram DESTINATION "${telekv_headers}" COMPONENT library
        FILES_MATCHING PATTERN "*.h")
install(FILES "${PROJECT_BINARY_DIR}/proto/telekv.pb.h" DESTINATION "${telekv_headers}"
        COMPONENT library)
install(EXPORT telekv_targets NAMESPACE telekv:: DESTINATION "${telekv_package}" COMPONENT library)
configure_package_config_file(cmake/telekv-config.cmake.in "${PROJECT_BINARY_DIR}/telekv-config.cmake"
                              INSTALL_DESTINATION "${telekv_package}")
# Before 1.0 a minor version may change what programs see.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/telekv-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/telekv-config.cmake"
              "${PROJECT_BINARY_DIR}/telekv-config-version.cmake"
              cmake/TelekvLibraryDependencies.cmake
        DESTINATION "${telekv_package}" COMPONENT library)

set(bundled "${CMAKE_INSTALL_LIBDIR}/telekv")
if(TELEKV_BUNDLE)
  set_target_properties(clicker telekv telegram-emulator PROPERTIES INSTALL_RPATH "$ORIGIN/../${bundled}")
  set(with_libraries RUNTIME_DEPENDENCY_SET shared_libraries)
endif()
install(TARGETS clicker telekv ${with_libraries}
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT programs)
install(TARGETS telegram-emulator ${with_libraries}
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT emulator)
if(TELEKV_BUNDLE)
  install(RUNTIME_DEPENDENCY_SET shared_libraries
          # The C library and its loader belong to the system that runs the programs.
          PRE_EXCLUDE_REGEXES "^lib(c|m|dl|rt|pthread|resolv)\\.so" "^ld-linux"
          LIBRARY DESTINATION "${bundled}" COMPONENT programs)
  # Their licences want to go along.
  install(CODE "set(folder \"\${CMAKE_INSTALL_PREFIX}\")
                set(libraries \"${bundled}\")
                set(architecture \"${CMAKE_LIBRARY_ARCHITECTURE}\")
                set(notices \"${CMAKE_INSTALL_DATADIR}/doc/telekv/libraries\")" COMPONENT programs)
  install(SCRIPT cmake/bundled_licences.cmake COMPONENT programs)
endif()
