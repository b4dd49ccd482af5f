# Everything telekv builds on, all from Debian 12 (scripts/install-dependencies).
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL REQUIRED)
find_package(Protobuf REQUIRED)
find_package(simdjson REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)

# Asio and Beast cost about 20 s of compile time a file when they are header-only. Their bodies are
# compiled once here; every other file sees declarations.
add_library(telekv_asio STATIC "${PROJECT_SOURCE_DIR}/cmake/boost/asio.cc")
target_compile_definitions(telekv_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION
                                              BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(telekv_asio PUBLIC Boost::boost Threads::Threads PRIVATE telekv_settings)

add_library(telekv_beast STATIC "${PROJECT_SOURCE_DIR}/cmake/boost/beast.cc")
target_compile_definitions(telekv_beast PUBLIC BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(telekv_beast PUBLIC telekv_asio OpenSSL::SSL OpenSSL::Crypto
                                   PRIVATE telekv_settings)
