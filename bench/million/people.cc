// bench_people: the first people of data set R (engine/dataset.h), for the programs that
// `make bench-million` runs.
//
//   bench_people N dump    [[chat id, name, clicks, state], ...], as `telekv import` and the peers'
//                          USERS_FILE want it
//   bench_people N people  bodies of the emulator's POST /emulator/people, one a line
//
// Exit codes: 0 written, 1 not written, 2 for arguments that make no sense.
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "bot/decimal.h"
#include "bot/user_lines.h"
#include "cli/files.h"
#include "cli/text_writer.h"
#include "engine/dataset.h"

namespace telekv::bench {
namespace {

constexpr std::size_t kMostPeople = 100'000'000;
constexpr std::size_t kPeopleInOneCall = 10'000;  // POST /emulator/people takes no more
constexpr std::string_view kBot = "123456789";

Result<void> write_dump(const Dataset& data) {
  const auto writer = cli::open_text_writer(cli::kJsonDump, std::string(cli::kStandardStream), {});
  if (!writer) return writer.error();
  for (const Person& person : data.people) {
    Result<void> added =
        (*writer)->add(person.id, {data.name(person), person.clicks, person.state});
    if (!added) return added;
  }
  return (*writer)->finish();
}

Result<void> write_people(const Dataset& data) {
  std::string line;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const bool begins = i % kPeopleInOneCall == 0;
    if (begins) line.append(R"({"bot_id":)").append(kBot).append(R"(,"people":[)");
    const Person& person = data.people[i];
    line += begins ? R"({"id":)" : R"(,{"id":)";
    bot::append_number(line, person.id);
    line += R"(,"first_name":)";
    bot::append_json_text(line, data.name(person));
    line += '}';
    if ((i + 1) % kPeopleInOneCall != 0 && i + 1 != data.size()) continue;
    line += "]}\n";
    Result<void> written = cli::write_all(cli::Streams{}.output, line, "standard output");
    if (!written) return written;
    line.clear();
  }
  return {};
}

int fail(const Error& error) {
  std::fprintf(stderr, "bench_people: %s\n", describe(error).c_str());
  return error.code == ErrorCode::kInvalidArgument ? 2 : 1;
}

int run(std::string_view number, std::string_view format) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), count);
  const bool is_number = error == std::errc() && end == number.data() + number.size();
  if (!is_number || count < 1 || count > kMostPeople || (format != "dump" && format != "people")) {
    return fail({ErrorCode::kInvalidArgument, "wrong arguments",
                 "bench_people N dump|people, N from 1 to " + std::to_string(kMostPeople)});
  }
  const Result<Dataset> data = load_dataset("R", count);
  if (!data) return fail(data.error());
  const Result<void> written = format == "dump" ? write_dump(*data) : write_people(*data);
  return written ? 0 : fail(written.error());
}

}  // namespace
}  // namespace telekv::bench

int main(int argc, char** argv) {
  const bool given = argc == 3;
  return telekv::bench::run(given ? argv[1] : "", given ? argv[2] : "");
}
