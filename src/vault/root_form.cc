#include "vault/root_form.h"

#include <tuple>
#include <utility>

namespace telekv::vault {

Error damaged_root(MessageId id, std::string what) {
  return Error{
      ErrorCode::kDamaged,
      "the root in message " + std::to_string(to_int(id)) + " is damaged: " + std::move(what),
      "nothing was changed; set ROOT_ID to an older root message, if there is one"};
}

bool is_longer(const format::Manifest& a, const format::Manifest& b) {
  const bool reign_counts =
      a.delivery() == format::Manifest::WEBHOOK || b.delivery() == format::Manifest::WEBHOOK;
  const auto length = [reign_counts](const format::Manifest& m) {
    return std::make_tuple(reign_counts ? m.ballot() : 0, m.state().applied_updates(),
                           m.state().sequence(), m.ballot(), m.edition());
  };
  return length(a) > length(b);
}

Result<Root> parse_root(MessageId id, const ObjectIdentity& identity, ByteView body) {
  Root root{.id = id};
  if (!root.manifest.ParseFromArray(body.data(), static_cast<int>(body.size())))
    return damaged_root(id, "its manifest cannot be read");
  const format::Manifest& manifest = root.manifest;
  const bool known = manifest.standing() == format::Manifest::CANDIDATE ||
                     manifest.standing() == format::Manifest::ACTIVE;
  if (!known || manifest.required_features_size() != 0) {
    return Error{ErrorCode::kUnsupportedVersion,
                 "the root in message " + std::to_string(to_int(id)) +
                     " needs a feature this version does not have",
                 "start the newer version that wrote it"};
  }
  if (manifest.ballot() != identity.epoch || manifest.writer() != identity.writer ||
      manifest.state().sequence() != identity.sequence ||
      (manifest.standing() == format::Manifest::ACTIVE) != (manifest.ballot() != 0)) {
    return damaged_root(id, "its manifest contradicts its header");
  }
  return root;
}

}  // namespace telekv::vault
