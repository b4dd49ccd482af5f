#include "engine/metrics.h"

namespace telekv::bench {

void Task::add(const std::string& metric, const std::vector<Contest::Standing>& standings,
               const std::vector<std::string>& absent) const {
  Measurement result{.metric = metric,
                     .data = data.label,
                     .n = data.size(),
                     .figure = standings[0].figure,
                     .unit = "ns"};
  for (std::size_t i = 1; i < standings.size(); ++i) {
    result.peers.push_back({standings[i].name, standings[i].figure.median});
  }
  for (const std::string& name : absent) result.peers.push_back({name, std::nullopt});
  report.add(std::move(result));
}

}  // namespace telekv::bench
