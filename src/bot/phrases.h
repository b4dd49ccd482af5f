// The table of everything the bot says: one row a phrase, one column a language. texts.h and
// operator_texts.h make whole messages of these. The Russian wording of the players' first phrases
// is a contract: it is that of the bot whose users move in.
//
// Pure. A phrase's places are {0}, {1} ...; a test compares both columns.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace telekv::bot::texts {

enum class Language : std::uint8_t { kRussian, kEnglish };
inline constexpr Language kLanguages[] = {Language::kRussian, Language::kEnglish};

enum class Phrase : std::uint8_t {
  // Keys and what players are told.
  kClickKey,
  kRatingKey,
  kGreeting,
  kNotRegistered,
  kUnknownInput,
  kNotReadyYet,
  kNoName,
  kClicks,
  kTotal,
  kTied,
  kNobodyHasClicked,
  kYou,
  kOwnPlace,
  kStanding,
  kNextPlace,
  kNobodyAbove,
  kHelp,
  kPrivacy,
  kKeptSealed,
  kKeptReadable,
  // Forgetting.
  kForgetQuestion,
  kForgetYes,
  kForgetNo,
  kForgetting,
  kForgotten,
  kNothingToForget,
  kForgetFailed,
  kKept,
  kNotYourQuestion,
  // Command menus.
  kMenuStart,
  kMenuClick,
  kMenuTop,
  kMenuMe,
  kMenuHelp,
  kMenuPrivacy,
  kMenuForget,
  kMenuStatus,
  kMenuSnapshots,
  kMenuRestore,
  kMenuExport,
  kMenuSnapshot,
  // The operator's.
  kClaimed,
  kSaved,
  kSaveFailed,
  kSaving,
  kCollecting,
  kNoPoints,
  kPoints,
  kPoint,
  kRestoreUsage,
  kRestoreQuestion,
  kNoSuchPoint,
  kRestoring,
  kRestored,
  kRestoredUnsaved,
  kRestoreFailed,
  kStatusUsers,
  kStatusClicks,
  kStatusMemory,
  kStatusSaved,
  kStatusTook,
  kStatusNeverSaved,
  kStatusSize,
  kStatusPosition,
  kStatusUnsaved,
  kStatusAllSaved,
  kStatusPenalties,
  kSeconds,
  kMinutes,
  kHours,
  kDays,
  kBytes,
  kKilobytes,
  kMegabytes,
  kExportComing,
  kExportedSealed,
  kExportUnsealed,
  kExportReadable,
  kExportedReadable,
  kExportFailed,
  kAlertSaving,
  kStillTrying,
  kAlertTakenOver,
  kAlertUnreadable,
  kAlertDrill,
  kAlertBase,
  kCount_,
};

std::string_view say(Phrase phrase, Language language);

/// The same with {0}, {1} ... replaced; a place without a value stays as it is.
std::string say(Phrase phrase, Language language, std::initializer_list<std::string_view> values);

/// Nouns, for "1 click, 2 clicks".
enum class Noun : std::uint8_t { kClick, kCount_ };

/// The forms of a noun, one behind the other: in Russian three (1, 2, 5), in English two.
std::string_view forms(Noun noun, Language language);

/// The form that goes with `count`.
std::string_view form_for(std::uint64_t count, Noun noun, Language language);

/// 1234567 as people of that language write it. In Russian numbers of four digits stay together.
std::string grouped(std::uint64_t number, Language language);

/// "1,234 clicks"
std::string counted(std::uint64_t count, Noun noun, Language language);

}  // namespace telekv::bot::texts
