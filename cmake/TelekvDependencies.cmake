# Everything telekv builds on, all from Debian 12 (scripts/install-dependencies).
include(TelekvLibraryDependencies)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)

# Asio and Beast cost about 20 s of compile time a file when they are header-only. Their bodies are
# compiled once here; every other file sees declarations.
add_library(telekv_asio STATIC "${PROJECT_SOURCE_DIR}/cmake/boost/asio.cc")
target_compile_definitions(telekv_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION
                                              BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(telekv_asio PUBLIC Boost::boost Threads::Threads PRIVATE $<BUILD_INTERFACE:telekv_settings>)

add_library(telekv_beast STATIC "${PROJECT_SOURCE_DIR}/cmake/boost/beast.cc")
target_compile_definitions(telekv_beast PUBLIC BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(telekv_beast PUBLIC telekv_asio OpenSSL::SSL OpenSSL::Crypto
                                   PRIVATE $<BUILD_INTERFACE:telekv_settings>)
