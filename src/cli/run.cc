#include "cli/run.h"

#include <string>
#include <variant>

#include "cli/arguments.h"
#include "vault/random.h"

namespace telekv::cli {
namespace {

bot::ExitCode fail(const Error& error, bool json, const Surroundings& surroundings) {
  // Nowhere is left to tell that standard error cannot be written.
  (void)write_all(surroundings.streams.error, as_error_line(error, json), "standard error");
  return bot::exit_code_for(error);
}

Result<void> print(const std::string& text, const Surroundings& surroundings) {
  return write_all(surroundings.streams.output, text, "standard output");
}

Result<void> print_key(const Surroundings& surroundings) {
  vault::SystemRandom random;
  return print(vault::Key::generate(random).to_hex() + "\n", surroundings);
}

struct Execute {
  const Surroundings& surroundings;

  Result<Answer> operator()(const InspectOptions& options) const {
    return inspect(options, surroundings);
  }
  Result<Answer> operator()(const VerifyOptions& options) const {
    return verify(options, surroundings);
  }
  Result<Answer> operator()(const ExportOptions& options) const {
    return export_users(options, surroundings);
  }
  Result<Answer> operator()(const ImportOptions& options) const {
    return import_file(options, surroundings);
  }
  Result<Answer> operator()(const SnapshotsOptions& options) const {
    return list_snapshots(options, surroundings);
  }
  Result<Answer> operator()(const RestoreOptions& options) const {
    return restore(options, surroundings);
  }
  Result<Answer> operator()(const RekeyOptions& options) const {
    return rekey(options, surroundings);
  }
  Result<Answer> operator()(const CheckOptions& options) const {
    return check(options, surroundings);
  }
  Result<Answer> operator()(const HealthOptions&) const { return ask_health(surroundings); }
  // Its only output is the key, so that a shell can take it.
  Result<Answer> operator()(const KeygenOptions&) const {
    if (Result<void> printed = print_key(surroundings); !printed) return printed.error();
    return Answer{};
  }
};

/// Whether standard output holds the users themselves, and nothing else.
bool fills_output(const Command& command) {
  const auto* exporting = std::get_if<ExportOptions>(&command);
  return exporting != nullptr && exporting->output == kStandardStream;
}

}  // namespace

bot::ExitCode run(int argc, const char* const* argv, const Surroundings& surroundings) {
  const Result<std::variant<Invocation, bot::PrintAndExit>> parsed = parse_arguments(argc, argv);
  if (!parsed) return fail(parsed.error(), false, surroundings);
  if (const auto* text = std::get_if<bot::PrintAndExit>(&*parsed)) {
    const Result<void> printed = print(text->text, surroundings);
    return printed ? bot::ExitCode::kSuccess : fail(printed.error(), false, surroundings);
  }
  const auto& invocation = std::get<Invocation>(*parsed);
  const Result<Answer> answer = std::visit(Execute{surroundings}, invocation.command);
  if (!answer) return fail(answer.error(), invocation.json, surroundings);
  if (!answer->report.empty() && !fills_output(invocation.command)) {
    const std::string text = invocation.json ? as_json(answer->report) : as_text(answer->report);
    const Result<void> printed = print(text, surroundings);
    if (!printed) return fail(printed.error(), invocation.json, surroundings);
  }
  if (answer->problem) return fail(*answer->problem, invocation.json, surroundings);
  return bot::ExitCode::kSuccess;
}

}  // namespace telekv::cli
