// clicker: reads its settings and runs the service; or makes them, or tries them.

#include <malloc.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdio>
#include <utility>
#include <variant>

#include "bot/certificate.h"
#include "bot/config.h"
#include "bot/exit_code.h"
#include "bot/init.h"
#include "bot/log.h"
#include "bot/printable.h"
#include "bot/service.h"
#include "bot/setup_check.h"
#include "vault/clock.h"
#include "vault/random.h"

namespace {

using namespace telekv;

void print_finding(const bot::Finding& finding) {
  std::printf("%-9s %s\n", finding.subject.c_str(), bot::printable(finding.told).c_str());
  std::fflush(stdout);
}

Result<void> check(const bot::Config& config) {
  if (config.webhook && !config.webhook->certificate_file.empty()) {
    const auto certificate =
        bot::load_certificate(*config.webhook, vault::SystemClock().unix_time());
    if (!certificate) return certificate.error();
  }
  print_finding({"settings", "usable"});
  return bot::check_setup(config, config.vault.when_absent, print_finding);
}

/// What is no service has a person in front of it, and no log.
bot::ExitCode end(const Result<void>& done) {
  if (done) return bot::ExitCode::kSuccess;
  std::fprintf(stderr, "clicker: %s\n", bot::printable(describe(done.error())).c_str());
  return bot::exit_code_for(done.error());
}

/// A base, a drill or an export takes megabytes for a moment. Left alone, glibc raises the size
/// from which it maps memory to that of the largest block ever freed, and what fits in between
/// stays.
void give_back_what_is_freed() {
  constexpr int kMappedFrom = 128 << 10;
  mallopt(M_MMAP_THRESHOLD, kMappedFrom);
}

struct Carry {
  bot::ExitCode operator()(const bot::PrintAndExit& print) const {
    std::fputs(print.text.c_str(), stdout);
    return bot::ExitCode::kSuccess;
  }
  bot::ExitCode operator()(const bot::InitOptions& options) const {
    return end(bot::run_init(options, {}));
  }
  bot::ExitCode operator()(bot::Config& config) const {
    if (config.only_check) return end(check(config));
    bot::set_up_log(config.log_level, config.log_format);
    give_back_what_is_freed();
    bot::Service service(std::move(config));
    return service.run();
  }
};

}  // namespace

int main(int argc, char** argv) {
  vault::SystemRandom random;
  Result<bot::Task> task = bot::parse_config(argc, argv, random);
  if (!task) {
    bot::set_up_log("info", bot::LogFormat::kText);
    spdlog::error("{}", describe(task.error()));
    return static_cast<int>(bot::exit_code_for(task.error()));
  }
  return static_cast<int>(std::visit(Carry{}, *task));
}
