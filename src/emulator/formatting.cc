// What HTML and Markdown have in common: links, and how entities may lie within each other.
#include "emulator/formatting.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "emulator/text.h"

namespace telekv::emulator {
namespace {

constexpr std::string_view kMentionHost = "user";
constexpr std::string_view kEmojiHost = "emoji";

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The N of tg://HOST?id=N (LinkManager.cpp get_link_user_id); 0 when it is no such address.
std::int64_t id_in_tg_link(std::string_view address, std::string_view host) {
  const std::string lower = to_lower_ascii(address);
  std::string_view rest = lower;
  if (!rest.starts_with("tg:")) return 0;
  rest.remove_prefix(3);
  if (rest.starts_with("//")) rest.remove_prefix(2);
  if (!rest.starts_with(host)) return 0;
  rest.remove_prefix(host.size());
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (!rest.starts_with('?')) return 0;
  rest = rest.substr(1, rest.find('#') - 1);
  while (!rest.empty()) {
    const std::string_view parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), parameter.size() + 1));
    if (!parameter.starts_with("id=")) continue;
    const char* const end = parameter.data() + parameter.size();
    std::int64_t id = 0;
    const auto parsed = std::from_chars(parameter.data() + 3, end, id);
    return parsed.ec == std::errc() && parsed.ptr == end ? id : 0;
  }
  return 0;
}

bool is_host(std::string_view host, std::string_view also) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [&](char c) {
    return is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
           also.find(c) != std::string_view::npos;
  });
}

bool is_port(std::string_view port) {
  const std::int64_t number = to_integer(port);
  return number >= 1 && number <= 65535 &&
         std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What stands behind the host: at least "/", without blanks.
std::string normal_path(std::string_view path) {
  while (!path.empty() && is_space_or_end(path.back())) path.remove_suffix(1);
  std::string result;
  if (!path.starts_with('/')) result = "/";
  for (const char c : path) {
    if (static_cast<unsigned char>(c) > 0x20) {
      result += c;
    } else {
      result += percent_encode(std::string_view(&c, 1));
    }
  }
  return result;
}

// The address as the server writes it, "" when it is none (HttpUrl.cpp parse_url; IPv6 left out).
std::string normal_link(std::string_view link) {
  const std::string lower = to_lower_ascii(link);
  for (const std::string_view scheme : {"tg:", "ton:"}) {
    if (!lower.starts_with(scheme)) continue;
    link.remove_prefix(scheme.size());
    if (link.starts_with("//")) link.remove_prefix(2);
    const std::size_t end = std::min(link.find_first_of("/?#"), link.size());
    std::string host = to_lower_ascii(link.substr(0, end));
    if (!is_host(host, "-_")) return {};
    std::string path = normal_path(link.substr(end));
    if (path.starts_with("/?")) path.erase(0, 1);
    return std::string(scheme).append("//").append(host).append(path);
  }
  std::string result = "http://";
  if (const std::size_t mark = link.find("://");
      mark != std::string_view::npos && link.find_first_of("/?#@[]:") == mark) {
    if (lower.starts_with("https://")) {
      result = "https://";
    } else if (!lower.starts_with("http://")) {
      return {};
    }
    link.remove_prefix(mark + 3);
  }
  const std::size_t end = std::min(link.find_first_of("/?#"), link.size());
  std::string_view authority = link.substr(0, end);
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    if (!is_host(authority.substr(0, at), ".-_!$,~*'();&+=:%")) return {};
    result += authority.substr(0, at + 1);
    authority.remove_prefix(at + 1);
  }
  const std::size_t colon = std::min(authority.find(':'), authority.size());
  const std::string host = to_lower_ascii(authority.substr(0, colon));
  if (!is_host(host, ".-_!$,~*'();&+=") || host == "." || host.find('.') == std::string::npos) {
    return {};
  }
  result += host;
  if (colon != authority.size()) {
    if (!is_port(authority.substr(colon + 1))) return {};
    result += ":" + std::to_string(to_integer(authority.substr(colon + 1)));
  }
  return result + normal_path(link.substr(end));
}

bool is_splittable(const Entity& entity) {
  return entity.kind >= EntityKind::kBold && entity.kind <= EntityKind::kSpoiler;
}

bool is_quote(const Entity& entity) { return entity.kind <= EntityKind::kExpandableQuote; }

bool goes_before(const Entity& a, const Entity& b) {
  return std::tuple(a.offset, b.length, a.kind) < std::tuple(b.offset, a.length, b.kind);
}

// Of entities that cannot be nested the outer one stays.
void drop_nested(std::vector<Entity>& sorted) {
  std::size_t end = 0;
  std::erase_if(sorted, [&](const Entity& entity) {
    if (entity.offset < end) return true;
    end = entity.offset + entity.length;
    return false;
  });
}

// Bold and the like of one kind: what touches is one, and code has none.
void add_split(EntityKind kind, const std::vector<Entity>& sorted, const std::vector<Range>& code,
               std::vector<Entity>& out) {
  std::vector<Range> joined;
  for (const Entity& entity : sorted) {
    if (entity.kind != kind) continue;
    const Range range{entity.offset, entity.offset + entity.length};
    if (!joined.empty() && range.begin <= joined.back().end) {
      joined.back().end = std::max(joined.back().end, range.end);
    } else {
      joined.push_back(range);
    }
  }
  auto next = code.begin();
  for (Range range : joined) {
    while (next != code.end() && next->end <= range.begin) ++next;
    for (auto cut = next; cut != code.end() && cut->begin < range.end; ++cut) {
      if (cut->begin > range.begin) out.push_back({kind, range.begin, cut->begin - range.begin});
      range.begin = std::min(cut->end, range.end);
    }
    if (range.begin < range.end) out.push_back({kind, range.begin, range.end - range.begin});
  }
}

void arrange(std::vector<Entity>& entities) {
  std::vector<Entity> splittable;
  std::vector<Entity> quotes;
  std::vector<Entity> others;
  std::sort(entities.begin(), entities.end(), goes_before);
  for (Entity& entity : entities) {
    auto& group = is_splittable(entity) ? splittable : is_quote(entity) ? quotes : others;
    group.push_back(std::move(entity));
  }
  drop_nested(quotes);
  drop_nested(others);
  std::vector<Range> code;
  for (const Entity& entity : others) {
    if (entity.kind == EntityKind::kPre || entity.kind == EntityKind::kCode) {
      code.push_back({entity.offset, entity.offset + entity.length});
    }
  }
  entities = std::move(quotes);
  entities.insert(entities.end(), std::make_move_iterator(others.begin()),
                  std::make_move_iterator(others.end()));
  for (const EntityKind kind : {EntityKind::kBold, EntityKind::kItalic, EntityKind::kUnderline,
                                EntityKind::kStrikethrough, EntityKind::kSpoiler}) {
    add_split(kind, splittable, code, entities);
  }
  std::sort(entities.begin(), entities.end(), goes_before);
}

}  // namespace

bool is_space_or_end(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0' || c == '\v';
}

std::string_view name_of(EntityKind kind) {
  switch (kind) {
    case EntityKind::kQuote:
      return "blockquote";
    case EntityKind::kExpandableQuote:
      return "expandable_blockquote";
    case EntityKind::kPre:
      return "pre";
    case EntityKind::kCode:
      return "code";
    case EntityKind::kTextLink:
      return "text_link";
    case EntityKind::kTextMention:
      return "text_mention";
    case EntityKind::kBold:
      return "bold";
    case EntityKind::kItalic:
      return "italic";
    case EntityKind::kUnderline:
      return "underline";
    case EntityKind::kStrikethrough:
      return "strikethrough";
    case EntityKind::kSpoiler:
      return "spoiler";
    case EntityKind::kCustomEmoji:
      return "custom_emoji";
  }
  return {};
}

bool set_link(Entity& entity, std::string_view address) {
  entity.mentioned = id_in_tg_link(address, kMentionHost);
  if (entity.mentioned > 0) {
    entity.kind = EntityKind::kTextMention;
    return true;
  }
  entity.kind = EntityKind::kTextLink;
  entity.argument = normal_link(address);
  return !entity.argument.empty();
}

std::string custom_emoji_of(std::string_view address) {
  const std::int64_t id = id_in_tg_link(address, kEmojiHost);
  return id == 0 ? std::string() : std::to_string(id);
}

void clean_formatted(FormattedText& formatted) {
  std::vector<std::size_t> moved;
  formatted.text = clean_text(formatted.text, moved);
  for (Entity& entity : formatted.entities) {
    const std::size_t end = moved[std::min(entity.offset + entity.length, moved.size() - 1)];
    entity.offset = moved[std::min(entity.offset, moved.size() - 1)];
    entity.length = end - entity.offset;
  }
  std::erase_if(formatted.entities, [](const Entity& entity) { return entity.length == 0; });
  arrange(formatted.entities);
}

}  // namespace telekv::emulator
