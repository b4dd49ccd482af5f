#include "bot/operator_texts.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <utility>

namespace telekv::bot::texts {
namespace {

std::string formatted(std::int64_t unix_time, const char* format) {
  const auto seconds = static_cast<std::time_t>(unix_time);
  std::tm parts{};
  char text[32];
  if (gmtime_r(&seconds, &parts) == nullptr) return std::to_string(unix_time);
  return std::string(text, std::strftime(text, sizeof text, format, &parts));
}

/// "2026-11-24 10:30 UTC"
std::string moment(std::int64_t unix_time) { return formatted(unix_time, "%Y-%m-%d %H:%M UTC"); }

/// With one decimal: "4.5", in Russian "4,5".
std::string decimal(double number, Language language) {
  const auto tenths = static_cast<std::uint64_t>(std::llround(number * 10));
  return grouped(tenths / 10, language) + (language == Language::kRussian ? "," : ".") +
         std::to_string(tenths % 10);
}

std::string saved_line(const StatusFacts& facts, Language language) {
  if (facts.vault.committed_at == 0) return std::string(say(Phrase::kStatusNeverSaved, language));
  const std::chrono::seconds age = facts.unix_now - std::chrono::seconds(facts.vault.committed_at);
  std::string text =
      say(Phrase::kStatusSaved, language, {duration_text(std::max(age, age.zero()), language)});
  if (facts.last_save) {
    const auto duration =
        std::chrono::duration_cast<std::chrono::milliseconds>(facts.last_save->duration);
    text +=
        say(Phrase::kStatusTook, language,
            {std::to_string(duration.count()),
             bytes_text(facts.last_save->root_bytes + facts.last_save->object_bytes, language)});
  }
  return text;
}

std::string size_line(const StatusFacts& facts, Language language) {
  const std::uint64_t bytes = facts.vault.base_bytes + facts.vault.delta_bytes;
  const double ratio = static_cast<double>(facts.old_dump_bytes) /
                       static_cast<double>(std::max<std::uint64_t>(bytes, 1));
  return say(Phrase::kStatusSize, language,
             {bytes_text(bytes, language), bytes_text(facts.old_dump_bytes, language),
              decimal(ratio, language)});
}

std::string unsaved_line(const StatusFacts& facts, Language language) {
  if (facts.vault.unsaved_records == 0) {
    return std::string(say(Phrase::kStatusAllSaved, language));
  }
  const auto age =
      facts.vault.unsaved_since
          ? std::chrono::duration_cast<std::chrono::seconds>(facts.now - *facts.vault.unsaved_since)
          : std::chrono::seconds(0);
  return say(Phrase::kStatusUnsaved, language,
             {grouped(facts.vault.unsaved_records, language), duration_text(age, language)});
}

std::string facts_of(const vault::PointInfo& point, Language language) {
  return say(
      Phrase::kPoint, language,
      {std::to_string(point.number), moment(point.committed_at), grouped(point.records, language)});
}

}  // namespace

std::string duration_text(std::chrono::seconds duration, Language language) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  const auto in = [&](Phrase phrase, std::int64_t unit) {
    return say(phrase, language, {std::to_string(duration.count() / unit)});
  };
  if (duration.count() < 2 * kMinute) return in(Phrase::kSeconds, 1);
  if (duration.count() < 2 * kHour) return in(Phrase::kMinutes, kMinute);
  return duration.count() < 2 * kDay ? in(Phrase::kHours, kHour) : in(Phrase::kDays, kDay);
}

std::string bytes_text(std::uint64_t bytes, Language language) {
  constexpr std::uint64_t kKilo = 1000;
  constexpr std::uint64_t kMega = kKilo * kKilo;
  if (bytes < kKilo) return say(Phrase::kBytes, language, {std::to_string(bytes)});
  const bool large = bytes >= kMega;
  const double number = static_cast<double>(bytes) / static_cast<double>(large ? kMega : kKilo);
  return say(large ? Phrase::kMegabytes : Phrase::kKilobytes, language,
             {decimal(number, language)});
}

std::string operator_claimed(telegram::UserId id, Language language) {
  return say(Phrase::kClaimed, language, {std::to_string(telegram::to_int(id))});
}

std::string snapshot_saved(const SnapshotFacts& facts, Language language) {
  return say(Phrase::kSaved, language,
             {grouped(facts.users, language), grouped(facts.bytes, language),
              std::to_string(facts.duration.count()), std::to_string(facts.sequence)});
}

std::string snapshot_failed(std::string_view why, Language language) {
  return say(Phrase::kSaveFailed, language, {why});
}

std::string saving(std::chrono::seconds passed, std::uint64_t uploaded, Language language) {
  return say(Phrase::kSaving, language,
             {duration_text(passed, language), bytes_text(uploaded, language)});
}

std::string restoring(std::uint64_t point, std::chrono::seconds passed, Language language) {
  return say(Phrase::kRestoring, language,
             {std::to_string(point), duration_text(passed, language)});
}

std::string collecting(std::chrono::seconds passed, Language language) {
  return say(Phrase::kCollecting, language, {duration_text(passed, language)});
}

std::string status(const StatusFacts& facts, Language language) {
  const auto penalties =
      std::chrono::duration_cast<std::chrono::seconds>(facts.channel.in_penalties);
  const std::string lines[] = {
      say(Phrase::kStatusUsers, language, {grouped(facts.users, language)}),
      say(Phrase::kStatusClicks, language, {grouped(facts.clicks_a_minute, language)}),
      say(Phrase::kStatusMemory, language,
          {bytes_text(facts.resident_bytes, language), bytes_text(facts.table_bytes, language)}),
      saved_line(facts, language),
      size_line(facts, language),
      say(Phrase::kStatusPosition, language,
          {std::to_string(facts.vault.sequence), std::to_string(vault::to_int(facts.vault.epoch))}),
      unsaved_line(facts, language),
      say(Phrase::kStatusPenalties, language,
          {grouped(facts.channel.penalties, language), duration_text(penalties, language)})};
  std::string text;
  for (const std::string& line : lines) {
    if (!text.empty()) text += '\n';
    text += line;
  }
  return text;
}

std::string export_name(std::chrono::seconds unix_now, bool readable) {
  return formatted(unix_now.count(), "clicker-%Y%m%d-%H%M%S") + (readable ? ".jsonl" : ".tkv");
}

std::string exported_sealed(Language language) {
  return std::string(say(Phrase::kExportedSealed, language));
}

std::string exported_readable(Language language) {
  return std::string(say(Phrase::kExportedReadable, language));
}

std::string export_failed(std::string_view why, Language language) {
  return say(Phrase::kExportFailed, language, {why});
}

std::string restore_points(const std::vector<vault::PointInfo>& points, Language language) {
  if (points.empty()) return std::string(say(Phrase::kNoPoints, language));
  std::string text(say(Phrase::kPoints, language));
  for (const vault::PointInfo& point : points) text += "\n" + facts_of(point, language);
  text += "\n" + restore_usage(language);
  return text;
}

std::string restore_usage(Language language) {
  return std::string(say(Phrase::kRestoreUsage, language));
}

std::string restore_question(const vault::PointInfo& point, Language language) {
  return say(Phrase::kRestoreQuestion, language,
             {facts_of(point, language), std::to_string(point.number)});
}

std::string no_such_point(std::uint64_t number, Language language) {
  return say(Phrase::kNoSuchPoint, language, {std::to_string(number)});
}

std::string restored(const vault::RestoreReport& report, Language language) {
  std::string text = say(Phrase::kRestored, language,
                         {facts_of(report.point, language), grouped(report.records, language),
                          std::to_string(report.sequence)});
  if (report.unsaved) {
    text += "\n" + say(Phrase::kRestoredUnsaved, language, {describe(*report.unsaved)});
  }
  return text;
}

std::string restore_failed(std::string_view why, Language language) {
  return say(Phrase::kRestoreFailed, language, {why});
}

bool is_yes(std::string_view word) {
  return word == "yes" || word == "да" || word == "Yes" || word == "Да";
}

}  // namespace telekv::bot::texts
