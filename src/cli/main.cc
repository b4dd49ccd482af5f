// telekv: the operator's command. This version makes keys.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "kv/version.h"
#include "vault/key.h"
#include "vault/random.h"

int main(int argc, char** argv) {
  CLI::App app("Tools for the operator of a telekv bot.", "telekv");
  app.set_version_flag("--version", std::string(telekv::kVersionLine));
  app.require_subcommand(1);
  app.footer("Example:\n  export TELEKV_KEY=$(telekv keygen)");

  CLI::App* keygen = app.add_subcommand(
      "keygen", "Print a new random key for TELEKV_KEY. Keep it: without it the data is lost.");
  keygen->callback([] {
    telekv::vault::SystemRandom random;
    const std::string key = telekv::vault::Key::generate(random).to_hex();
    if (std::puts(key.c_str()) == EOF || std::fflush(stdout) != 0) {
      std::fputs("telekv: the key could not be written to standard output\n", stderr);
      throw CLI::RuntimeError(1);  // CLI11's way to an exit code
    }
  });

  CLI11_PARSE(app, argc, argv);
  return 0;
}
