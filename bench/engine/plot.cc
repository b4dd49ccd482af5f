#include "engine/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "engine/report.h"

namespace telekv::bench {
namespace {

constexpr double kWidth = 880;
constexpr double kHeight = 420;
constexpr double kLeft = 84;
constexpr double kRight = 290;  // the legend stands there
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

/// From values to places on the paper.
class Axis {
 public:
  Axis(double begin, double end, bool logarithmic)
      : begin_(begin), end_(end), logarithmic_(logarithmic) {
    if (!logarithmic_) low_ = high_ = 0;
  }

  void cover(double value) {
    if (logarithmic_ && value <= 0) return;
    low_ = std::min(low_, scaled(value));
    high_ = std::max(high_, scaled(value));
  }
  /// Widens the axis to whole marks.
  void round() {
    low_ = std::floor(low_ / step() + kNearly) * step();
    high_ = std::ceil(high_ / step() - kNearly) * step();
  }
  double place(double value) const {
    const double span = high_ > low_ ? high_ - low_ : 1;
    return begin_ + (std::max(scaled(value), low_) - low_) / span * (end_ - begin_);
  }
  std::vector<double> marks() const {
    std::vector<double> values;
    for (double mark = std::ceil(low_ / step() - kNearly); mark * step() <= high_ + kNearly;
         ++mark) {
      // Plus zero, because the first mark may be its negative.
      values.push_back(logarithmic_ ? std::pow(10, mark) : mark * step() + 0.0);
    }
    return values;
  }

 private:
  static constexpr double kNearly = 1e-9;

  double scaled(double value) const {
    return logarithmic_ ? std::log10(std::max(value, kNearly)) : value;
  }
  /// A decade, or 1, 2 or 5 times a power of ten so that there are at most ten marks.
  double step() const {
    if (logarithmic_) return 1;
    const double power = std::pow(10, std::floor(std::log10(std::max(high_, kNearly) / 10)));
    for (const double times : {1.0, 2.0, 5.0}) {
      if (high_ / (power * times) <= 10) return power * times;
    }
    return power * 10;
  }

  double begin_;
  double end_;
  bool logarithmic_;
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
  for (const double value : y.marks()) {
    const double height = y.place(value);
    text += formatted("<path class=\"g\" d=\"M%.1f %.1fH%.1f\"/>", kLeft, height, kWidth - kRight);
    text += formatted("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", kLeft - 8,
                      height + 4, value_label(value, plot.y_unit).c_str());
  }
  for (const double value : x.marks()) {
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
  Axis x(kLeft, kWidth - kRight, true);
  Axis y(kHeight - kBottom, kTop, plot.y_logarithmic);
  for (const Curve& curve : plot.curves) {
    std::for_each(curve.x.begin(), curve.x.end(), [&](double value) { x.cover(value); });
    std::for_each(curve.y.begin(), curve.y.end(), [&](double value) { y.cover(value); });
  }
  y.round();
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
