#include "cli/inspect.h"

#include <boost/json/array.hpp>

#include "cli/session.h"
#include "cli/stored_content.h"
#include "vault/sealer.h"

namespace telekv::cli {
namespace {

namespace json = boost::json;

/// Adds what is known of one file; the error ends only its own description.
Result<void> describe_file(const std::string& path, const std::optional<vault::Sealer>& sealer,
                           const Surroundings& surroundings, Report& report) {
  const Result<Bytes> object =
      read_file(path, vault::Channel::kMaxDocumentBytes, surroundings.streams);
  if (!object) return object.error();
  report["bytes"] = object->size();
  const Result<vault::ObjectHeader> header = vault::Sealer::read_header(*object);
  if (!header) return header.error();
  const vault::ObjectIdentity& identity = header->identity;
  report["kind"] = word_for(identity.kind);
  report["sealed"] = header->sealed;
  if (header->sealed) {
    report["key_id"] =
        hex(ByteView(reinterpret_cast<const char*>(header->key_id.data()), header->key_id.size()));
  }
  report["epoch"] = identity.epoch;
  report["writer"] = hex(identity.writer);
  report["sequence"] = identity.sequence;
  report["number"] = identity.number;
  report["content_hash"] = hex(vault::content_hash(*object));
  if (!sealer) return {};
  const Result<Bytes> body = sealer->open(identity, *object);
  if (!body) return body.error();
  Result<Report> content = describe_content(identity, *body);
  if (!content) return content.error();
  report["content"] = *std::move(content);
  return {};
}

Result<Answer> inspect_files(const Source& source, const Surroundings& surroundings) {
  const Result<std::optional<vault::Key>> key =
      read_key_if_any(surroundings.environment, source.plaintext);
  if (!key) return key.error();
  std::optional<vault::Sealer> sealer;
  if (*key) sealer = vault::Sealer::with_key(**key);
  if (source.plaintext) sealer = vault::Sealer::plaintext();

  Answer answer;
  json::array files;
  for (const std::string& path : source.files) {
    Report report{{"file", shown_name(path)}};
    if (Result<void> described = describe_file(path, sealer, surroundings, report); !described) {
      Error error = described.error();
      error.message = shown_name(path) + ": " + error.message;
      report["problem"] = describe(described.error());
      if (!answer.problem) answer.problem = std::move(error);
    }
    files.push_back(std::move(report));
  }
  answer.report["files"] = std::move(files);
  if (!sealer) {
    surroundings.tell("set TELEKV_KEY to see what is in them");
  }
  return answer;
}

Result<Answer> inspect_chat(const Source& source, const Surroundings& surroundings) {
  NewSession session = Session::create(source, surroundings);
  if (!session) return session.error();
  const Result<Report> newest = (*session)->read_names();
  if (!newest) return newest.error();
  Result<Report> manifest = describe_manifest((*session)->vault().manifest());
  if (!manifest) return manifest.error();
  Answer answer{.report = {{"root", newest->at("root")}, {"content", *std::move(manifest)}},
                .problem = (*session)->vault().history_problem()};
  if (const format::History& history = (*session)->vault().history(); history.points_size() > 0) {
    answer.report["history"] = describe_history(history);
  }
  return answer;
}

}  // namespace

Result<Answer> inspect(const InspectOptions& options, const Surroundings& surroundings) {
  return options.source.chat ? inspect_chat(options.source, surroundings)
                             : inspect_files(options.source, surroundings);
}

}  // namespace telekv::cli
