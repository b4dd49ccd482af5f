#include "bot/dialogue.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "bot/chat_settings.h"
#include "bot/output.h"
#include "bot/printable.h"

namespace telekv::bot {
namespace {

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpaces) - first + 1));
}

/// A terminal that does not show what is typed, for as long as this object lives. The signals of
/// its keys wait until then.
class HiddenTyping {
 public:
  explicit HiddenTyping(int terminal) : terminal_(terminal) {
    sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGQUIT, SIGTSTP, SIGTERM, SIGHUP}) {
      sigaddset(&signals_, signal);
    }
    pthread_sigmask(SIG_BLOCK, &signals_, &before_signals_);
    waiting_ = signalfd(-1, &signals_, SFD_CLOEXEC);
    tcgetattr(terminal_, &before_);
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK | ECHONL);
    is_hidden_ = tcsetattr(terminal_, TCSAFLUSH, &hidden) == 0;
  }
  HiddenTyping(const HiddenTyping&) = delete;
  HiddenTyping& operator=(const HiddenTyping&) = delete;
  ~HiddenTyping() {
    tcsetattr(terminal_, TCSAFLUSH, &before_);
    close(waiting_);
    // Here a signal that has come does what it does.
    pthread_sigmask(SIG_SETMASK, &before_signals_, nullptr);
  }

  bool is_hidden() const { return is_hidden_; }

  /// False when a signal is waiting instead of a line.
  bool wait_for_line() const {
    std::array<pollfd, 2> events{{{terminal_, POLLIN, 0}, {waiting_, POLLIN, 0}}};
    while (poll(events.data(), events.size(), -1) < 0 && errno == EINTR) {
    }
    return events[1].revents == 0;
  }

 private:
  int terminal_;
  int waiting_ = -1;
  bool is_hidden_ = false;
  termios before_{};
  sigset_t signals_{};
  sigset_t before_signals_{};
};

}  // namespace

Dialogue::Dialogue(int input, int error)
    : input_(input), error_(error), typed_(isatty(input) == 1) {}

// Standard error is where failures are told: that it fails itself can be told nowhere.
void Dialogue::write(std::string_view text) { (void)write_all(error_, text, "standard error"); }

void Dialogue::say(std::string_view line) { write(printable(line) + "\n"); }

// A byte at a time: what follows the line is the next reader's.
Result<std::string> Dialogue::read_line() {
  std::string line;
  for (;;) {
    char byte = 0;
    const ssize_t got = ::read(input_, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 && line.empty()) {
      return wrong("the input ended before the question was answered",
                   "answer in lines, or set BOT_TOKEN and ADMIN_ID");
    }
    if (got <= 0 || byte == '\n') return trimmed(line);
    if (line.size() == kMaxAnswerBytes) return wrong("the answer is too long");
    line += byte;
  }
}

Result<std::string> Dialogue::ask(std::string_view question) {
  write(question);
  Result<std::string> line = read_line();
  // What is piped brings no line break to the screen.
  if (!typed_) write("\n");
  return line;
}

Result<std::string> Dialogue::ask_secret(std::string_view question) {
  if (!typed_) return ask(question);
  for (;;) {
    const HiddenTyping hidden(input_);
    if (!hidden.is_hidden()) return wrong("the terminal would show the secret", "set BOT_TOKEN");
    write(question);
    const bool answered = hidden.wait_for_line();
    if (answered) {
      Result<std::string> line = read_line();
      write("\n");
      return line;
    }
    // Asked again by a program that was only stopped, and now goes on.
    write("\n");
  }
}

}  // namespace telekv::bot
