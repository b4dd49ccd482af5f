// A world in which restore points are made and brought back. See world.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "world.h"

namespace telekv::vault {

struct RestoreWorld : World {
  RestoreWorld() {
    options.make_scratch = [] { return std::make_unique<MapState>(); };
    options.on_note = [this](const Note& note) { notes.push_back(note.text); };
    options.ladder.tail_bytes = 60;
    pace = {.records_per_step = 10, .records_per_chunk = 2};
  }
  /// A process whose queue has shown that nothing is missing.
  std::unique_ptr<Process> witnessed() {
    std::unique_ptr<Process> process = opened();
    process->vault.note_witness();
    return process;
  }
  /// One whose state is too large for the root alone.
  std::unique_ptr<Process> with_segment() {
    std::unique_ptr<Process> process = witnessed();
    for (int i = 1; i <= 6; ++i) {
      process->apply(i, i, "record " + std::to_string(i));
      commit_all(*process);
    }
    return process;
  }
  void commit_all(Process& process) { (void)commit(process).value(); }
  void make_point(Process& process) { (void)run(process.vault.make_point(deadline())).value(); }
  Result<RestoreReport> restore(Process& process, std::uint64_t number) {
    return run(process.vault.restore(number, deadline()));
  }
  Result<void> drill(Process& process) { return run(process.vault.drill(deadline())); }
  bool noted(std::string_view text) const {
    for (const std::string& note : notes) {
      if (note.find(text) != std::string::npos) return true;
    }
    return false;
  }
  std::vector<std::string> notes;
};

}  // namespace telekv::vault
