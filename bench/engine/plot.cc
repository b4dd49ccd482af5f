#include "engine/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "engine/report.h"

namespace telekv::bench {
namespace {

constexpr double kWidth = 760;
constexpr double kHeight = 420;
constexpr double kLeft = 84;
constexpr double kRight = 190;  // the legend stands there
constexpr double kTop = 44;
constexpr double kBottom = 56;
// Distinct also without colour vision (Okabe and Ito 2008).
constexpr std::array<const char*, 8> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#e69f00", "#56b4e9", "#8c7a00", "#777777"};
constexpr const char* kStyle =
    "<style>text{font:13px system-ui,sans-serif;fill:#24292f}.t{font-size:16px;font-weight:600}"
    ".g{stroke:#8884;stroke-width:1}.m{fill:none;stroke-width:1.6}.f{stroke-width:3}"
    "@media(prefers-color-scheme:dark){text{fill:#d8dee4}}</style>\n";

template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

/// A logarithmic axis over whole decades.
class Axis {
 public:
  Axis(double begin, double end) : begin_(begin), end_(end) {}

  void cover(double value) {
    if (value <= 0) return;
    low_ = std::min(low_, std::floor(std::log10(value) + 1e-9));
    high_ = std::max(high_, std::ceil(std::log10(value) - 1e-9));
  }
  double place(double value) const {
    const double span = std::max(high_ - low_, 1.0);
    return begin_ +
           (std::log10(std::max(value, std::pow(10, low_))) - low_) / span * (end_ - begin_);
  }
  std::vector<double> decades() const {
    std::vector<double> values;
    for (double power = low_; power <= high_; ++power) values.push_back(std::pow(10, power));
    return values;
  }

 private:
  double begin_;
  double end_;
  double low_ = std::numeric_limits<double>::max();
  double high_ = std::numeric_limits<double>::lowest();
};

std::string count_label(double count) {
  if (count >= 1e6) return formatted("%gM", count / 1e6);
  if (count >= 1e3) return formatted("%gk", count / 1e3);
  return formatted("%g", count);
}

std::string value_label(double value, const std::string& unit) {
  std::string label = readable(value, unit);
  if (const std::size_t point = label.find('.'); point != std::string::npos) {
    std::size_t end = point + 1;
    while (end < label.size() && label[end] == '0') ++end;
    if (label[end] == ' ' || end == label.size()) label.erase(point, end - point);
  }
  return label;
}

std::string grid(const Plot& plot, const Axis& x, const Axis& y) {
  std::string text;
  for (const double value : y.decades()) {
    const double height = y.place(value);
    text += formatted("<path class=\"g\" d=\"M%.1f %.1fH%.1f\"/>", kLeft, height, kWidth - kRight);
    text += formatted("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", kLeft - 8,
                      height + 4, value_label(value, plot.y_unit).c_str());
  }
  for (const double value : x.decades()) {
    const double across = x.place(value);
    text += formatted("<path class=\"g\" d=\"M%.1f %.1fV%.1f\"/>", across, kTop, kHeight - kBottom);
    text += formatted("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n", across,
                      kHeight - kBottom + 20, count_label(value).c_str());
  }
  return text;
}

std::string line(const Curve& curve, std::size_t number, const Axis& x, const Axis& y) {
  const char* colour = kColours[number % kColours.size()];
  std::string text =
      formatted("<path class=\"m%s\" stroke=\"%s\" d=\"", number == 0 ? " f" : "", colour);
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    text += formatted("%c%.1f %.1f", i == 0 ? 'M' : 'L', x.place(curve.x[i]), y.place(curve.y[i]));
  }
  const double height = kTop + 12 + 22 * static_cast<double>(number);
  text += formatted("\"/>\n<path class=\"m%s\" stroke=\"%s\" d=\"M%.1f %.1fh22\"/>",
                    number == 0 ? " f" : "", colour, kWidth - kRight + 14, height);
  return text + formatted("<text x=\"%.1f\" y=\"%.1f\">%s</text>\n", kWidth - kRight + 42,
                          height + 4, curve.name.c_str());
}

}  // namespace

std::string svg(const Plot& plot) {
  Axis x(kLeft, kWidth - kRight);
  Axis y(kHeight - kBottom, kTop);
  for (const Curve& curve : plot.curves) {
    std::for_each(curve.x.begin(), curve.x.end(), [&](double value) { x.cover(value); });
    std::for_each(curve.y.begin(), curve.y.end(), [&](double value) { y.cover(value); });
  }
  std::string text =
      formatted("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" role=\"img\">\n",
                kWidth, kHeight);
  text += "<title>" + plot.title + "</title>\n";
  text += kStyle;
  text += formatted("<text class=\"t\" x=\"%g\" y=\"24\">", kLeft) + plot.title + "</text>\n";
  text += grid(plot, x, y);
  // The engine's curve last, so that it lies on top.
  for (std::size_t i = plot.curves.size(); i-- > 0;) text += line(plot.curves[i], i, x, y);
  text += formatted("<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">",
                    (kLeft + kWidth - kRight) / 2, kHeight - 12);
  text += plot.x_label + "</text>\n";
  text += formatted("<text transform=\"translate(16 %g) rotate(-90)\" text-anchor=\"middle\">",
                    (kTop + kHeight - kBottom) / 2);
  return text + plot.y_label + "</text>\n</svg>\n";
}

}  // namespace telekv::bench
