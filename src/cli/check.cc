#include "cli/check.h"

#include <boost/json/array.hpp>

#include "bot/setup_check.h"

namespace telekv::cli {

Result<Answer> check(const CheckOptions& options, const Surroundings& surroundings) {
  const Result<bot::ChatSettings> settings =
      read_chat_settings(surroundings.environment, options.plaintext);
  if (!settings) return settings.error();
  boost::json::array rows;
  const auto tell = [&rows](const bot::Finding& finding) {
    rows.push_back(Report{{"what", finding.subject}, {"found", finding.told}});
  };
  tell({"settings", "usable"});
  const Result<void> done =
      bot::check_setup(*settings, vault::WhenAbsent::kStartEmptyIfProven, tell);
  Answer answer{.report = {{"checked", std::move(rows)}}};
  if (!done) answer.problem = done.error();
  return answer;
}

}  // namespace telekv::cli
