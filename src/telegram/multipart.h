// multipart/form-data with one file, as a gather list: the file's bytes are shared and not copied.
//
// A pure function; the boundary comes from the system's generator, so no content can hold it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "telegram/http.h"

namespace telekv::telegram {

/// A field's name and value; neither is escaped, the name comes from the program.
using FormField = std::pair<std::string, std::string>;

struct Multipart {
  std::string content_type;
  std::vector<SharedBytes> body;
};

/// `name` is not escaped: see is_document_name().
struct FilePart {
  std::string_view field;
  std::string_view name;
  SharedBytes bytes;
};

Multipart make_multipart(const std::vector<FormField>& fields, const FilePart& file);

/// [A-Za-z0-9._-]{1,64}, what Telegram keeps of a file's name and what needs no escape.
bool is_document_name(std::string_view name);

}  // namespace telekv::telegram
