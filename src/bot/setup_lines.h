// The settings of a new clicker as the lines that shells, Docker, Heroku and systemd take. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kv/error.h"

namespace telekv::bot {

/// Names and values, in the order they are shown.
using SettingList = std::vector<std::pair<std::string, std::string>>;

/// "NAME=value" lines that a shell, Docker's --env-file and systemd's EnvironmentFile read alike.
/// kInvalidArgument names a setting whose value they would not.
Result<std::string> as_environment_file(const SettingList& settings);

/// What to do with the settings, as lines of a shell: those that set them, the others comments.
std::string as_shell_lines(const SettingList& settings);

/// The same where the settings are in a file.
std::string as_lines_for_file(const std::string& file);

}  // namespace telekv::bot
