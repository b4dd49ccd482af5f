// Line charts as SVG, readable on light and on dark ground.
#pragma once

#include <string>
#include <vector>

namespace telekv::bench {

struct Curve {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
};

/// The x axis is logarithmic. The first curve is the engine's and drawn strongest.
struct Plot {
  std::string file;  ///< without ".svg"
  std::string title;
  std::string x_label;
  std::string y_label;
  std::string y_unit;  ///< as in report.h's readable()
  bool y_logarithmic;
  std::vector<Curve> curves;
};

std::string svg(const Plot& plot);

}  // namespace telekv::bench
