# Three packages: telekv (the bot and its command), telegram-emulator, libtelekv-dev.
set(here "${CMAKE_CURRENT_LIST_DIR}")
set(there "${CMAKE_CURRENT_BINARY_DIR}/debian")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_PROGRAMS_PACKAGE_NAME telekv)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_DEPENDS ca-certificates)
set(CPACK_DEBIAN_PROGRAMS_DESCRIPTION
    "The clicker is a Telegram bot: it counts taps and ranks who taps. Its state is
in memory; the durable copy, compressed and sealed, is in a Telegram chat of
its operator, so that the host's disk may vanish. The telekv command looks into
what is stored there, proves it, and moves it in and out.")
file(WRITE "${there}/conffiles" "/etc/telekv/clicker.env\n")
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_CONTROL_EXTRA
    "${here}/postinst;${here}/prerm;${here}/postrm;${there}/conffiles")
file(WRITE "${there}/overrides" "# It holds the token and the key.
telekv: non-standard-file-perm 0600 != 0644 *etc/telekv/clicker.env*
")
install(FILES "${there}/overrides" DESTINATION "${CMAKE_INSTALL_DATADIR}/lintian/overrides"
        RENAME telekv COMPONENT programs)

set(CPACK_DEBIAN_EMULATOR_PACKAGE_NAME telegram-emulator)
set(CPACK_DEBIAN_EMULATOR_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_EMULATOR_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_EMULATOR_DESCRIPTION
    "A local Telegram, for trying and testing bots: a Bot API server, a page with
the chats of simulated people, and a control interface, on the loopback address
alone. It knows no account and needs no network.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libtelekv-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS
    "libboost1.81-dev, libboost-json1.81-dev, libprotobuf-dev, libsimdjson-dev, libsodium-dev, libssl-dev, libzstd-dev, pkg-config")
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION
    "Headers, static libraries and a CMake package for programs of one's own: a
ranked in-memory table, the vault that keeps it, and a Bot API client.")

# What Debian's policy wants of every package.
string(TIMESTAMP built "%a, %d %b %Y %H:%M:%S +0000" UTC)
function(telekv_debian_documents package component)
  set(folder "${there}/${package}")
  set(documents "${CMAKE_INSTALL_DATADIR}/doc/${package}")
  file(WRITE "${folder}/changelog" "${package} (${PROJECT_VERSION}) unstable; urgency=medium

  * What has changed is in CHANGELOG.md of the source.

 -- ${CPACK_PACKAGE_CONTACT}  ${built}
")
  execute_process(COMMAND gzip -9nf "${folder}/changelog" COMMAND_ERROR_IS_FATAL ANY)
  install(FILES "${folder}/changelog.gz" DESTINATION "${documents}" COMPONENT ${component})
  install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${documents}" RENAME copyright
          COMPONENT ${component})
endfunction()

telekv_debian_documents(telekv programs)
telekv_debian_documents(telegram-emulator emulator)
telekv_debian_documents(libtelekv-dev library)
