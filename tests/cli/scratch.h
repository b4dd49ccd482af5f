// What the command's tests share: a scratch folder, files in it, and tables of users.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "bot/user.h"
#include "cli/files.h"
#include "cli/table_reader.h"
#include "kv/table.h"

namespace telekv::cli {

/// A folder of its own, gone with the object.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "telekv-cli-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }

  std::string read(const std::string& name) const { return read_path(path(name)); }
  static std::string read_path(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      all.push_back(entry.path().filename().string());
    }
    return all;
  }

 private:
  std::filesystem::path folder_;
};

using Users = kv::Table<bot::User>;

inline kv::TableOptions test_options() { return {.hash_seed = 7, .digest_key = {1, 2, 3}}; }

/// The table as plain values.
using Content = std::map<kv::Key, std::tuple<std::string, std::uint64_t, std::uint32_t>>;

inline Content content(const Users& users) {
  Content all;
  users.for_each([&](kv::Key key, const bot::User& user) {
    all[key] = {std::string(user.name), user.clicks, user.state};
  });
  return all;
}

inline void fill(Users& users, const Content& rows) {
  for (const auto& [key, row] : rows) {
    const auto& [name, clicks, state] = row;
    ASSERT_TRUE(users.insert(key, {.name = name, .clicks = clicks, .state = state}));
  }
}

/// As read_file() hands a text over.
inline Bytes padded(const std::string& text) {
  Bytes bytes = text;
  bytes.reserve(text.size() + kReadPadding);
  return bytes;
}

}  // namespace telekv::cli
