#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "kv/version.h"

namespace telekv::cli {
namespace {

constexpr const char* kDescription =
    "Tools for the operator of a telekv bot: look into what is stored, prove it, move it in and "
    "out.";

constexpr const char* kFooter =
    "Settings come from the environment, as the clicker's: BOT_TOKEN, TELEKV_KEY, ADMIN_ID,\n"
    "VAULT_CHAT, API_ROOT, ROOT_ID. None is an argument: `ps` shows arguments to every user of "
    "the\n"
    "machine, and shells keep them.\n"
    "\n"
    "Commands that write to the chat (import, restore, rekey) take it over as a starting bot "
    "does:\n"
    "stop the bot before, start it again after.\n"
    "\n"
    "Examples:\n"
    "  export TELEKV_KEY=$(telekv keygen)\n"
    "  telekv export --chat --format csv --output users.csv\n"
    "  telekv export --help\n"
    "\n"
    "Exit codes:\n"
    "  0 done, 2 configuration or input, 3 token refused, 4 unreachable, 5 wrong key,\n"
    "  6 damaged data, 7 newer format, 8 another writer took over, 9 operator must decide,\n"
    "  1 anything else. (10 is the clicker's own: stopped, but not everything is saved.)";

constexpr const char* kMore = "Settings and exit codes: telekv --help";

// One of each, whichever is asked for.
struct Parsed {
  Source source;
  ExportOptions export_users;
  ImportOptions import_file;
  RestoreOptions restore;
  bool plaintext = false;
  bool json = false;
};

CLI::App* add_plain(CLI::App& app, const char* name, const char* description,
                    const std::string& examples) {
  CLI::App* command = app.add_subcommand(name, description);
  command->footer("Examples:\n" + examples + "\n" + kMore);
  return command;
}

CLI::App* add(CLI::App& app, Parsed& parsed, const char* name, const char* description,
              const std::string& examples) {
  CLI::App* command = add_plain(app, name, description, examples);
  command->add_flag("--json", parsed.json, "print one line of JSON, errors too");
  return command;
}

void add_plaintext(CLI::App* command, Parsed& parsed) {
  command->add_flag("--plaintext", parsed.plaintext, "the data is stored unsealed, without a key");
}

/// Either --chat or files: choose() sees to it.
void add_source(CLI::App* command, Parsed& parsed) {
  command->add_flag("--chat", parsed.source.chat, "read the live chat that the environment names");
  command
      ->add_option("FILE", parsed.source.files,
                   "documents downloaded from the vault's chat; - is standard input")
      ->type_name("");
  add_plaintext(command, parsed);
}

void declare_readers(CLI::App& app, Parsed& parsed) {
  add_source(add(app, parsed, "inspect",
                 "Show what downloaded documents are, and with TELEKV_KEY what is in them; or what "
                 "the newest root of a chat names.",
                 "  telekv inspect --chat\n"
                 "  telekv inspect telekv-root.tkv --json\n"),
             parsed);
  add_source(add(app, parsed, "verify",
                 "Prove that the newest state and every restore point can be restored, by "
                 "restoring them.",
                 "  telekv verify --chat\n"
                 "  telekv verify telekv-root.tkv telekv-base-*.tkv\n"),
             parsed);
  add_source(add(app, parsed, "snapshots", "List the restore points that are kept.",
                 "  telekv snapshots --chat\n"),
             parsed);

  CLI::App* exporting = add(app, parsed, "export", "Write all users to a file.",
                            "  telekv export --chat --format csv --output users.csv\n"
                            "  telekv export --chat --format sqlite --output users.sqlite\n"
                            "  telekv export --chat --format jsonl | wc -l\n");
  static const std::map<std::string, ExportFormat> kFormats = {{"jsonl", ExportFormat::kJsonLines},
                                                               {"csv", ExportFormat::kCsv},
                                                               {"sqlite", ExportFormat::kSqlite},
                                                               {"json", ExportFormat::kJson}};
  exporting
      ->add_option("--format", parsed.export_users.format,
                   "jsonl: an object a line; csv; sqlite: a database; json: the dump of the bot "
                   "before telekv")
      ->transform(CLI::CheckedTransformer(kFormats).description(""))
      ->option_text("jsonl|csv|sqlite|json")
      ->required();
  exporting
      ->add_option("--output", parsed.export_users.output,
                   "where to; replaced as a whole, readable by you alone")
      ->option_text("FILE [-]");
  add_source(exporting, parsed);
}

void declare_writers(CLI::App& app, Parsed& parsed) {
  CLI::App* importing =
      add(app, parsed, "import", "Put users into the chat: an old JSON dump, JSON lines or CSV.",
          "  telekv import dump.json\n"
          "  telekv export --chat --format jsonl | ssh other telekv import -\n");
  importing->add_option("FILE", parsed.import_file.file, "- is standard input")
      ->type_name("")
      ->required();
  importing->add_flag("--replace", parsed.import_file.replace,
                      "the store may hold users already: they are replaced");
  importing->add_flag("--init", parsed.import_file.init,
                      "start a new store although the chat does not prove that it is new");
  add_plaintext(importing, parsed);

  CLI::App* restoring =
      add(app, parsed, "restore", "Bring a restore point back as the newest state of the chat.",
          "  telekv restore --at 3 --dry-run\n"
          "  telekv restore --at 2026-01-31T12:00\n");
  restoring
      ->add_option("--at", parsed.restore.at,
                   "a restore point's number, or a time in UTC: the newest point until then, "
                   "that second, minute or day included")
      ->option_text("N|2026-01-31[T12:00[:00]]")
      ->required();
  restoring->add_flag("--dry-run", parsed.restore.dry_run,
                      "only download it and say what would be done");
  restoring->add_flag("--newest-is-lost", parsed.restore.newest_is_lost,
                      "the newest state cannot be downloaded any more: start from the point, which "
                      "loses everything since");
  add_plaintext(restoring, parsed);

  CLI::App* rekeying =
      add(app, parsed, "rekey",
          "Seal the chat's data with another key: TELEKV_KEY is the one in use, TELEKV_NEW_KEY the "
          "next. Restore points go. Keep both until this has succeeded: after a failure the same "
          "command finishes it.",
          "  TELEKV_NEW_KEY=$(cat new.key) telekv rekey\n");
  add_plaintext(rekeying, parsed);
}

void declare_checks(CLI::App& app, Parsed& parsed) {
  add_plaintext(add(app, parsed, "check",
                    "Try the settings, the token, the chats and the key as a start would, and "
                    "change nothing.",
                    "  telekv check\n"
                    "  telekv check --json\n"),
                parsed);
  add(app, parsed, "health",
      "Ask the clicker on this machine whether it is ready: GET /healthz on PORT, over plain HTTP.",
      "  PORT=8080 telekv health\n");
}

Result<Command> choose(const std::string& name, Parsed& parsed) {
  parsed.source.plaintext = parsed.plaintext;
  const bool reads_source =
      name == "inspect" || name == "verify" || name == "snapshots" || name == "export";
  if (reads_source && parsed.source.chat != parsed.source.files.empty()) {
    return bot::wrong("telekv " + name + " needs either --chat or files",
                      "see telekv " + name + " --help");
  }
  if (name == "inspect") return Command(InspectOptions{parsed.source});
  if (name == "verify") return Command(VerifyOptions{parsed.source});
  if (name == "snapshots") return Command(SnapshotsOptions{parsed.source});
  if (name == "export") {
    parsed.export_users.source = parsed.source;
    return Command(parsed.export_users);
  }
  if (name == "import") {
    parsed.import_file.plaintext = parsed.plaintext;
    return Command(parsed.import_file);
  }
  if (name == "restore") {
    parsed.restore.plaintext = parsed.plaintext;
    return Command(parsed.restore);
  }
  if (name == "check") return Command(CheckOptions{.plaintext = parsed.plaintext});
  if (name == "health") return Command(HealthOptions{});
  if (name == "rekey") return Command(RekeyOptions{.plaintext = parsed.plaintext});
  return Command(KeygenOptions{});
}

}  // namespace

Result<std::variant<Invocation, bot::PrintAndExit>> parse_arguments(int argc,
                                                                    const char* const* argv) {
  using Outcome = std::variant<Invocation, bot::PrintAndExit>;
  CLI::App app(kDescription, "telekv");
  app.set_version_flag("--version", version_text("telekv"));
  app.require_subcommand(1);
  app.footer(kFooter);
  Parsed parsed;
  add_plain(app, "keygen",
            "Print a new random key for TELEKV_KEY. Keep it: without it the data is lost.",
            "  (umask 077; telekv keygen >telekv.key)\n");
  declare_readers(app, parsed);
  declare_writers(app, parsed);
  declare_checks(app, parsed);
  // CLI11 reports by exceptions; they end here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Outcome(bot::PrintAndExit{app.help()});
  } catch (const CLI::CallForVersion&) {
    return Outcome(bot::PrintAndExit{version_text("telekv")});
  } catch (const CLI::ExtrasError&) {
    return bot::wrong("there are arguments that are no options", "see telekv --help");
  } catch (const CLI::ParseError& error) {
    return bot::wrong(error.what(), "see telekv --help");
  }
  Result<Command> command = choose(app.get_subcommands().front()->get_name(), parsed);
  if (!command) return command.error();
  return Outcome(Invocation{.command = *std::move(command), .json = parsed.json});
}

}  // namespace telekv::cli
