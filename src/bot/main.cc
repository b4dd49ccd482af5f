// clicker: reads its settings and runs the service.

#include <spdlog/spdlog.h>

#include <cstdio>
#include <utility>
#include <variant>

#include "bot/config.h"
#include "bot/exit_code.h"
#include "bot/log.h"
#include "bot/service.h"
#include "vault/random.h"

int main(int argc, char** argv) {
  using namespace telekv;
  vault::SystemRandom random;
  Result<std::variant<bot::Config, bot::PrintAndExit>> parsed =
      bot::parse_config(argc, argv, random);
  if (!parsed) {
    bot::set_up_log("info", bot::LogFormat::kText);
    spdlog::error("{}", describe(parsed.error()));
    return static_cast<int>(bot::exit_code_for(parsed.error()));
  }
  if (const auto* print = std::get_if<bot::PrintAndExit>(&*parsed)) {
    std::fputs(print->text.c_str(), stdout);
    return static_cast<int>(bot::ExitCode::kSuccess);
  }
  bot::Config& config = std::get<bot::Config>(*parsed);
  bot::set_up_log(config.log_level, config.log_format);
  bot::Service service(std::move(config));
  return static_cast<int>(service.run());
}
