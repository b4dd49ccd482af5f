#include "cli/report.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>

namespace telekv::cli {
namespace {

TEST(AReport, IsLinesAndTablesForPeople) {
  const Report report{
      {"sequence", 12},
      {"is_whole", true},
      {"nothing", nullptr},
      {"ids", {1, 2, 3}},
      {"none", boost::json::array{}},
      {"newest", {{"users", 3}}},
      {"points", {{{"point", 1}, {"name", "Аня"}}, {{"point", 20}, {"name", "B"}}}}};
  EXPECT_EQ(as_text(report),
            "sequence: 12\n"
            "is whole: yes\n"
            "nothing: -\n"
            "ids: 1, 2, 3\n"
            "none: -\n"
            "newest:\n"
            "  users: 3\n"
            "points:\n"
            "  point  name\n"
            "  1      Аня\n"
            "  20     B\n");
}

TEST(AReport, WhoseRowsDifferIsListedOneByOne) {
  const Report report{{"files", {{{"file", "a"}}, {{"file", "b"}, {"kind", "root"}}}}};
  EXPECT_EQ(as_text(report),
            "files:\n"
            "  file: a\n"
            "\n"
            "  file: b\n"
            "  kind: root\n");
}

TEST(AReport, IsOneLineOfJsonForMachines) {
  EXPECT_EQ(as_json({{"users", 3}, {"name", "a\nb"}}), "{\"users\":3,\"name\":\"a\\nb\"}\n");
}

TEST(AReport, GivesATerminalNothingToObey) {
  EXPECT_EQ(as_text({{"file", "a\x1b[2J\nb"}}), "file: a?[2J?b\n");
  EXPECT_EQ(as_error_line({ErrorCode::kNotFound, "no \x1b file", "look\nfor it"}, false),
            "telekv: no ? file (look?for it)\n");
}

TEST(AnError, IsOneLineEitherWay) {
  const Error error{ErrorCode::kWrongKey, "the key is wrong", "use the other one"};
  EXPECT_EQ(as_error_line(error, false), "telekv: the key is wrong (use the other one)\n");
  EXPECT_EQ(as_error_line(error, true),
            "{\"error\":{\"code\":\"wrong_key\",\"message\":\"the key is wrong\","
            "\"hint\":\"use the other one\"}}\n");
}

TEST(ATime, IsUtc) {
  EXPECT_EQ(utc_time(1'769'860'800), "2026-01-31T12:00:00Z");
  EXPECT_EQ(utc_time(0), "");
}

}  // namespace
}  // namespace telekv::cli
