#include "bot/setup_lines.h"

#include <initializer_list>

#include "bot/chat_settings.h"

namespace telekv::bot {
namespace {

constexpr std::string_view kDockerRun =
    "docker run -d --name clicker --restart unless-stopped --stop-timeout 30";
constexpr std::string_view kDockerRights = "--read-only --cap-drop ALL";
/// What the installed service reads.
constexpr std::string_view kServiceSettings = TELEKV_SERVICE_SETTINGS;
constexpr std::string_view kInstallSettings = "sudo install -D -m 600 ";
constexpr std::string_view kStartService = "sudo systemctl enable --now clicker";

/// Whether nobody who reads the value takes a character of it for something else.
bool is_plain(std::string_view value) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/:@%+,=";
  return value.find_first_not_of(kPlain) == std::string_view::npos;
}

std::string quoted(std::string_view value) {
  if (is_plain(value)) return std::string(value);
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += part;
  return out;
}

std::string commented(std::string_view title, std::string_view command) {
  return joined({"#\n# ", title, ":\n#   ", command, "\n"});
}

std::string shown(std::string_view title, std::string_view command) {
  return joined({"\n", title, ":\n  ", command, "\n"});
}

}  // namespace

Result<std::string> as_environment_file(const SettingList& settings) {
  std::string lines;
  for (const auto& [name, value] : settings) {
    if (!is_plain(value)) {
      return wrong(name + " holds characters that shells, Docker and systemd read differently",
                   "run it without --output");
    }
    lines += joined({name, "=", value, "\n"});
  }
  return lines;
}

std::string as_shell_lines(const SettingList& settings) {
  std::string exports;
  std::string names;
  std::string assignments;
  std::string words;
  for (const auto& [name, value] : settings) {
    exports += joined({"export ", name, "=", quoted(value), "\n"});
    names += joined({" -e ", name});
    assignments += joined({" ", name, "=\"$", name, "\""});
    words += joined({" \"", name, "=$", name, "\""});
  }
  return joined(
      {exports, "#\n# The lines above are for a shell. Then, in the same shell:\n",
       commented("Here", "clicker"),
       commented("Docker", joined({kDockerRun, " ", kDockerRights, names, " telekv"})),
       commented("Heroku", joined({"heroku config:set", assignments})),
       commented("systemd", joined({"printf '%s\\n'", words, " | ", kInstallSettings, "/dev/stdin ",
                                    quoted(kServiceSettings), " && ", kStartService}))});
}

std::string as_lines_for_file(const std::string& file) {
  constexpr std::string_view kGoesOn = " \\\n    ";
  const std::string path = quoted(file);
  const std::string_view here = file.find('/') == std::string::npos ? "./" : "";
  return joined({"The settings are in ", path, ", which only you can read.\n",
                 shown("Here", joined({"set -a; . ", here, path, "; set +a; clicker"})),
                 shown("Docker", joined({kDockerRun, kGoesOn, kDockerRights, " --env-file ", path,
                                         " telekv"})),
                 shown("Heroku", joined({"xargs heroku config:set <", path})),
                 shown("systemd", joined({kInstallSettings, path, " ", quoted(kServiceSettings),
                                          " &&", kGoesOn, kStartService}))});
}

}  // namespace telekv::bot
