// The parameters of a Bot API call, from wherever they come: query string, urlencoded form, JSON
// object or multipart form. Nested objects are kept as JSON text, as the server does. Linear in the
// body; bounds as in TDLib's HttpReader. Files are views into the body, which outlives them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "emulator/answer.h"

namespace telekv::emulator {

struct UploadedFile {
  std::string field;
  std::string name;          ///< as the client gave it, percent-decoded
  std::string_view content;  ///< into the request's body
};

class Arguments {
 public:
  static constexpr std::size_t kMaxFiles = 50;                 // HttpServer.h
  static constexpr std::size_t kMaxParameterBytes = 1u << 20;  // HttpReader.h

  /// Errors: 400 for a body that is not what its type says, 413 over the bounds.
  static Answer<Arguments> parse(std::string_view query, std::string_view content_type,
                                 std::string_view body);

  /// The value, "" when absent. The first of several counts.
  std::string_view get(std::string_view name) const;
  std::optional<std::string_view> find(std::string_view name) const;

  /// Leading integer, `otherwise` when absent, 0 when it is no number.
  std::int64_t get_integer(std::string_view name, std::int64_t otherwise) const;

  /// true, yes and 1, in any case.
  bool get_boolean(std::string_view name) const;

  /// The file part of that name, null when there is none.
  const UploadedFile* find_file(std::string_view field) const;

  void add(std::string name, std::string value) {
    values_.emplace_back(std::move(name), std::move(value));
  }
  void add(UploadedFile file) { files_.push_back(std::move(file)); }
  std::size_t file_count() const { return files_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> values_;
  std::vector<UploadedFile> files_;
};

/// Reads the parts of a multipart/form-data body into `arguments`. A part is a file iff its
/// disposition has `filename=`, even empty (HttpReader.cpp); names are percent-decoded.
Answer<void> parse_multipart(std::string_view content_type, std::string_view body,
                             Arguments& arguments);

}  // namespace telekv::emulator
