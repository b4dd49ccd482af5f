// The state folder: an append-only log of the world's records, one frame per call, and the folder
// of file bytes beside it. A frame is complete before the call is answered, so a kill -9 loses
// nothing that was answered; an incomplete frame at the end is cut off at the next start. Opening
// rewrites the log without its history.
//
//   journal := "TKEMU3\n" frame*        frame := length:u64 checksum:u64 records[length]
//
// Survives the death of the process; not of the machine (nothing is synced). Single-threaded.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "emulator/world.h"

namespace telekv::emulator {

class Journal {
 public:
  struct Opened {
    std::unique_ptr<Journal> journal;
    std::uint64_t dropped_bytes = 0;  ///< of an unfinished frame at the end
  };

  /// Creates the folder when needed, locks it, loads what it holds into `world`, compacts. Errors
  /// name the folder.
  static Answer<Opened> open(const std::filesystem::path& folder, World& world);

  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Where the world writes its records.
  std::string* records() { return &records_; }

  /// Puts what the world recorded since the last commit into the log as one frame. False: the disk
  /// refuses.
  bool commit();

  std::filesystem::path files_folder() const { return folder_ / "files"; }

 private:
  explicit Journal(std::filesystem::path folder) : folder_(std::move(folder)) {}

  bool lock();
  bool append(std::string_view records);

  std::filesystem::path folder_;
  std::string records_;
  int file_ = -1;
  int lock_ = -1;
};

}  // namespace telekv::emulator
