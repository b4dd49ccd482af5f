// What was built, from what and by what. The facts are put in when the project is built
// (cmake/version.cmake).
#pragma once

#include <string>
#include <string_view>

namespace telekv {

/// "telekv", version, commit, compiler, system and build type, in one line.
std::string version_line();

/// What `program --version` prints: the same under its name, and the libraries it is built with.
std::string version_text(std::string_view program);

}  // namespace telekv
