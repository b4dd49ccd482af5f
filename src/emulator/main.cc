// telegram-emulator: a local Telegram (docs/emulator.md).
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
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
    "  telegram-emulator --tls-port 8443 --tls-cert local.crt --tls-key local.key\n"
    "\n"
    "Exit codes:\n"
    "  0 stopped by a signal, 1 the state folder cannot be written, 2 a wrong argument, or a "
    "port,\n"
    "  folder, certificate or key that cannot be used.";

int fail(int code, const std::string& text) {
  std::fprintf(stderr, "telegram-emulator: %s\n", text.c_str());
  return code;
}

struct Settings {
  std::uint16_t port = 8081;
  std::optional<std::uint16_t> tls_port;  ///< with `tls`
  TlsSettings tls;
  std::string state_folder;
  std::string flood = "off";
  bool local = false;
};

int run(const Settings& settings) {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  World world(std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
  std::unique_ptr<Journal> journal;
  FileStore files;
  if (!settings.state_folder.empty()) {
    auto opened = Journal::open(settings.state_folder, world);
    if (opened.has_error()) return fail(kExitUsage, opened.error().description);
    if (opened->dropped_bytes != 0) {
      std::fprintf(stderr, "telegram-emulator: dropped %llu bytes of an unfinished record\n",
                   static_cast<unsigned long long>(opened->dropped_bytes));
    }
    journal = std::move(opened->journal);
    files = FileStore(journal->files_folder(), settings.local);
  }

  namespace asio = boost::asio;
  asio::io_context io(1);
  int exit_code = 0;
  Service service(io.get_executor(), world, files, journal.get(), *parse_flood_kind(settings.flood),
                  [&] {
                    exit_code = fail(kExitDisk, "cannot write the state folder; stopping");
                    io.stop();
                  });
  auto server = Server::listen(io, service, settings.port);
  if (server.has_error()) return fail(kExitUsage, server.error().description);
  std::string ready = "http://127.0.0.1:" + std::to_string((*server)->port()) + "/";
  std::unique_ptr<Server> secure;
  if (settings.tls_port) {
    auto opened = Server::listen_tls(io, service, *settings.tls_port, settings.tls);
    if (opened.has_error()) return fail(kExitUsage, opened.error().description);
    secure = std::move(*opened);
    ready += " and https://127.0.0.1:" + std::to_string(secure->port()) + "/";
  }
  asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) io.stop();
  });
  std::printf("telegram-emulator ready: %s\n", ready.c_str());
  std::fflush(stdout);
  io.run();
  return exit_code;
}

void add_options(CLI::App& app, Settings& settings) {
  app.add_option("--port", settings.port, "port on 127.0.0.1; 0 picks a free one")
      ->type_name("PORT")
      ->capture_default_str();
  CLI::Option* tls_port =
      app.add_option("--tls-port", settings.tls_port,
                     "serves the same over TLS on this port too; 0 picks a free one")
          ->type_name("PORT");
  CLI::Option* certificate = app.add_option("--tls-cert", settings.tls.certificate_file,
                                            "certificate chain for --tls-port, PEM")
                                 ->type_name("FILE");
  CLI::Option* key =
      app.add_option("--tls-key", settings.tls.key_file, "its key, PEM without a passphrase")
          ->type_name("FILE");
  tls_port->needs(certificate);
  certificate->needs(key);
  key->needs(tls_port);
  CLI::Option* state = app.add_option("--state", settings.state_folder,
                                      "folder that keeps everything across restarts")
                           ->type_name("FOLDER");
  app.add_flag("--local", settings.local,
               "bots read files from the state folder, as with a server's --local")
      ->needs(state);
  app.add_option("--flood", settings.flood, "flood limits: off, gentle or real")
      ->check(CLI::IsMember({"off", "gentle", "real"}))
      ->capture_default_str();
}

}  // namespace
}  // namespace telekv::emulator

int main(int argc, char** argv) {
  telekv::emulator::Settings settings;
  CLI::App app("A local Telegram: Bot API server, chat page and control API on 127.0.0.1.",
               "telegram-emulator");
  app.set_version_flag("--version", "telegram-emulator (telekv) " TELEKV_VERSION);
  app.footer(telekv::emulator::kFooter);
  telekv::emulator::add_options(app, settings);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool help = app.exit(error) == 0;
    return help ? 0 : telekv::emulator::kExitUsage;
  }
  std::signal(SIGPIPE, SIG_IGN);
  return telekv::emulator::run(settings);
}
