// telegram-emulator: a local Telegram (docs/emulator.md).
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include "emulator/server.h"

namespace telekv::emulator {
namespace {

constexpr int kExitUsage = 2;
constexpr int kExitDisk = 1;

constexpr const char* kFooter =
    "Examples:\n"
    "  telegram-emulator\n"
    "  telegram-emulator --port 0 --state telegram --flood real\n"
    "\n"
    "Exit codes:\n"
    "  0 stopped by a signal, 1 the state folder cannot be written, 2 a wrong argument, or a port "
    "or\n"
    "  folder that cannot be used.";

int fail(int code, const std::string& text) {
  std::fprintf(stderr, "telegram-emulator: %s\n", text.c_str());
  return code;
}

int run(std::uint16_t port, const std::string& state_folder, FloodKind flood, bool local) {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  World world(std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
  std::unique_ptr<Journal> journal;
  FileStore files;
  if (!state_folder.empty()) {
    auto opened = Journal::open(state_folder, world);
    if (opened.has_error()) return fail(kExitUsage, opened.error().description);
    if (opened->dropped_bytes != 0) {
      std::fprintf(stderr, "telegram-emulator: dropped %llu bytes of an unfinished record\n",
                   static_cast<unsigned long long>(opened->dropped_bytes));
    }
    journal = std::move(opened->journal);
    files = FileStore(journal->files_folder(), local);
  }

  namespace asio = boost::asio;
  asio::io_context io(1);
  int exit_code = 0;
  Service service(io.get_executor(), world, files, journal.get(), flood, [&] {
    exit_code = fail(kExitDisk, "cannot write the state folder; stopping");
    io.stop();
  });
  auto server = Server::listen(io, service, port);
  if (server.has_error()) return fail(kExitUsage, server.error().description);
  asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) io.stop();
  });
  std::printf("telegram-emulator ready: http://127.0.0.1:%u/\n",
              static_cast<unsigned>((*server)->port()));
  std::fflush(stdout);
  io.run();
  return exit_code;
}

}  // namespace
}  // namespace telekv::emulator

int main(int argc, char** argv) {
  std::uint16_t port = 8081;
  std::string state_folder;
  std::string flood = "off";
  bool local = false;
  CLI::App app("A local Telegram: Bot API server, chat page and control API on 127.0.0.1.",
               "telegram-emulator");
  app.set_version_flag("--version", "telegram-emulator (telekv) " TELEKV_VERSION);
  app.footer(telekv::emulator::kFooter);
  app.add_option("--port", port, "port on 127.0.0.1; 0 picks a free one")
      ->type_name("PORT")
      ->capture_default_str();
  CLI::Option* state =
      app.add_option("--state", state_folder, "folder that keeps everything across restarts")
          ->type_name("FOLDER");
  app.add_flag("--local", local,
               "bots read files from the state folder, as with a server's --local")
      ->needs(state);
  app.add_option("--flood", flood, "flood limits: off, gentle or real")
      ->check(CLI::IsMember({"off", "gentle", "real"}))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool help = app.exit(error) == 0;
    return help ? 0 : telekv::emulator::kExitUsage;
  }
  std::signal(SIGPIPE, SIG_IGN);
  return telekv::emulator::run(port, state_folder, *telekv::emulator::parse_flood_kind(flood),
                               local);
}
