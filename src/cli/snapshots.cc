#include "cli/snapshots.h"

#include <boost/json/array.hpp>

#include "cli/session.h"
#include "cli/stored_content.h"

namespace telekv::cli {

Result<Answer> list_snapshots(const SnapshotsOptions& options, const Surroundings& surroundings) {
  NewSession session = Session::create(options.source, surroundings);
  if (!session) return session.error();
  const Result<Report> newest = (*session)->read_names();
  if (!newest) return newest.error();
  boost::json::array points;
  for (const format::RestorePoint& point : (*session)->vault().history().points()) {
    points.push_back(describe_point(point));
  }
  Answer answer{.report = {{"newest", *newest}, {"points", std::move(points)}},
                .problem = (*session)->damaged_file()};
  if (!answer.problem) answer.problem = (*session)->vault().history_problem();
  return answer;
}

}  // namespace telekv::cli
