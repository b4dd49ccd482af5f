#include "bot/setup_lines.h"

#include <algorithm>

#include "bot/chat_settings.h"

namespace telekv::bot {
namespace {

constexpr std::string_view kDockerRun =
    "docker run -d --name clicker --restart unless-stopped --stop-timeout 30";
constexpr std::string_view kDockerRights = "--read-only --cap-drop ALL";
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

std::string commented(std::string_view title, std::string_view command) {
  return std::string("#\n# ").append(title).append(":\n#   ").append(command).append("\n");
}

std::string shown(std::string_view title, std::string_view command) {
  return std::string("\n").append(title).append(":\n  ").append(command).append("\n");
}

std::string joined(std::string_view first, std::string_view second, std::string_view between) {
  return std::string(first).append(between).append(second);
}

}  // namespace

Result<std::string> as_environment_file(const SettingList& settings) {
  std::string lines;
  for (const auto& [name, value] : settings) {
    if (!is_plain(value)) {
      return wrong(name + " holds characters that shells, Docker and systemd read differently",
                   "run it without --output");
    }
    lines += name + "=" + value + "\n";
  }
  return lines;
}

std::string as_shell_lines(const SettingList& settings) {
  std::string lines;
  std::string names;
  std::string assignments;
  std::string file;
  for (const auto& [name, value] : settings) {
    lines += "export " + name + "=" + quoted(value) + "\n";
    names += " -e " + name;
    assignments += " " + name + "=\"$" + name + "\"";
    file += " \"" + name + "=$" + name + "\"";
  }
  lines += "#\n# The lines above are for a shell. Then, in the same shell:\n";
  lines += commented("Here", "clicker");
  lines += commented("Docker", joined(kDockerRun, kDockerRights, " ") + names + " telekv");
  lines += commented("Heroku", "heroku config:set" + assignments);
  lines +=
      commented("systemd", "printf '%s\\n'" + file +
                               " | sudo install -m 600 /dev/stdin /etc/telekv/clicker.env && " +
                               std::string(kStartService));
  return lines;
}

std::string as_lines_for_file(const std::string& file) {
  const std::string path = quoted(file);
  const std::string sourced = file.find('/') == std::string::npos ? "./" + path : path;
  std::string lines = "The settings are in " + path + ", which only you can read.\n";
  lines += shown("Here", "set -a; . " + sourced + "; set +a; clicker");
  lines += shown(
      "Docker", joined(kDockerRun, kDockerRights, " \\\n    ") + " --env-file " + path + " telekv");
  lines += shown("Heroku", "xargs heroku config:set <" + path);
  lines += shown("systemd", "sudo install -m 600 " + path + " /etc/telekv/clicker.env && \\\n    " +
                                std::string(kStartService));
  return lines;
}

}  // namespace telekv::bot
