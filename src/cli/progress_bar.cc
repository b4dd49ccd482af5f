#include "cli/progress_bar.h"

#include <sys/ioctl.h>

#include <algorithm>

#include "bot/operator_texts.h"
#include "bot/output.h"

namespace telekv::cli {
namespace {

constexpr std::size_t kUsualColumns = 80;
constexpr std::size_t kWidestBar = 30;
constexpr std::size_t kNarrowestBar = 5;
constexpr const char* kErase = "\r\x1b[K";

std::string time_text(std::chrono::seconds passed) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(passed);
  const std::string seconds = std::to_string((passed - minutes).count());
  return std::to_string(minutes.count()) + (seconds.size() < 2 ? ":0" : ":") + seconds;
}

std::string bytes_text(std::uint64_t bytes) {
  return bot::texts::bytes_text(bytes, bot::texts::Language::kEnglish);
}

std::size_t columns_of(int terminal) {
  winsize size{};
  if (ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

}  // namespace

std::string render_progress(const Transfer& transfer, std::size_t columns) {
  const std::string time = "  " + time_text(transfer.passed);
  if (transfer.expected == 0) return (bytes_text(transfer.bytes) + time).substr(0, columns);
  const std::uint64_t done = std::min(transfer.bytes, transfer.expected);
  const auto part = static_cast<double>(done) / static_cast<double>(transfer.expected);
  const std::string percent = std::to_string(static_cast<int>(part * 100));
  const std::string numbers = std::string(5 - percent.size(), ' ') + percent + "%  " +
                              bytes_text(done) + " of " + bytes_text(transfer.expected) + time;
  if (columns < numbers.size() + kNarrowestBar + 2) return numbers.substr(2).substr(0, columns);
  const std::size_t width = std::min(kWidestBar, columns - numbers.size() - 2);
  const auto full = static_cast<std::size_t>(part * static_cast<double>(width));
  return "[" + std::string(full, '#') + std::string(width - full, '-') + "]" + numbers;
}

void ProgressBar::show(std::uint64_t bytes, Clock::time_point now) {
  if (now - began_ < kFirst || now - drawn_ < kEvery) return;
  const Transfer transfer{.bytes = bytes,
                          .expected = expected_,
                          .passed = std::chrono::duration_cast<std::chrono::seconds>(now - began_)};
  // A character less than fits: terminals go to the next line after the last.
  const std::string line = render_progress(transfer, columns_of(terminal_) - 1);
  // What is only for the eye may fail.
  (void)bot::write_all(terminal_, kErase + line, "");
  drawn_ = now;
  visible_ = true;
}

void ProgressBar::erase() {
  if (visible_) (void)bot::write_all(terminal_, kErase, "");
  visible_ = false;
}

}  // namespace telekv::cli
