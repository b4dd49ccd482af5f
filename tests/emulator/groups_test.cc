// Groups, supergroups and channels: what a bot is told of them, and what it may do there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/telegram.h"

namespace telekv::emulator {
namespace {

constexpr PersonId kGuest = 77;

struct Groups : Telegram {
  Groups() { world.put_person({kGuest, "Guest", "", "", ""}).value(); }

  Chat& create(ChatType type, BotStatus status) {
    Chat& chat = *world.create_group(bot, {type, "Клуб", {kAnya, kAdmin}, status}, now).value();
    drain();
    return chat;
  }

  void set_status(Chat& chat, BotStatus status) {
    world.set_bot_status(bot, chat, status, now).value();
  }

  /// The updates since the last time.
  boost::json::array drain() {
    boost::json::array list;
    for (const QueuedUpdate& update : bot.queue.updates()) {
      list.push_back(boost::json::parse(update.json));
    }
    world.drop_pending_updates(bot);
    return list;
  }

  std::string say(const Chat& chat, const std::string& text = "x") {
    return error("sendMessage", {{"chat_id", id(chat)}, {"text", text}});
  }

  static std::string id(const Chat& chat) { return std::to_string(chat.id); }
};

std::string status_in(const boost::json::value& update, const char* which) {
  return std::string(update.at("my_chat_member").at(which).at("status").as_string());
}

TEST(Groups, HaveNegativeIdsBeyond32Bits) {
  Groups telegram;
  EXPECT_LT(telegram.create(ChatType::kGroup, BotStatus::kMember).id, -(std::int64_t{1} << 32));
  EXPECT_LT(telegram.create(ChatType::kSupergroup, BotStatus::kMember).id, -1'000'000'000'000);
  EXPECT_LT(telegram.create(ChatType::kChannel, BotStatus::kAdministrator).id, -1'000'000'000'000);
}

TEST(Groups, TheBotIsToldThatItWasLetIn) {
  Groups telegram;
  const auto create = [&](ChatType type, BotStatus status) {
    telegram.world.create_group(telegram.bot, {type, " Клуб ", {kAnya}, status}, telegram.now)
        .value();
    return telegram.drain();
  };
  const auto group = create(ChatType::kGroup, BotStatus::kMember);
  ASSERT_EQ(group.size(), 2u);
  EXPECT_EQ(status_in(group[0], "old_chat_member"), "left");
  EXPECT_EQ(status_in(group[0], "new_chat_member"), "member");
  EXPECT_EQ(group[0].at("my_chat_member").at("from").at("id").as_int64(), kAnya);
  EXPECT_TRUE(group[1].at("message").at("group_chat_created").as_bool());
  EXPECT_EQ(group[1].at("message").at("chat").at("title").as_string(), "Клуб");

  const auto supergroup = create(ChatType::kSupergroup, BotStatus::kAdministrator);
  ASSERT_EQ(supergroup.size(), 2u);
  EXPECT_TRUE(
      supergroup[0].at("my_chat_member").at("new_chat_member").at("can_pin_messages").as_bool());
  EXPECT_EQ(supergroup[1].at("message").at("new_chat_members").at(0).at("id").as_int64(), kBot);

  const auto channel = create(ChatType::kChannel, BotStatus::kBareAdministrator);
  ASSERT_EQ(channel.size(), 1u);
  EXPECT_FALSE(
      channel[0].at("my_chat_member").at("new_chat_member").at("can_post_messages").as_bool());
}

TEST(Groups, RefuseWhatTelegramHasNot) {
  Groups telegram;
  const auto create = [&](ChatType type, std::string title, std::vector<PersonId> people,
                          BotStatus status) {
    return telegram.world
        .create_group(telegram.bot, {type, std::move(title), std::move(people), status},
                      telegram.now)
        .has_error();
  };
  EXPECT_TRUE(create(ChatType::kChannel, "x", {kAnya}, BotStatus::kMember));
  EXPECT_TRUE(create(ChatType::kGroup, " ", {kAnya}, BotStatus::kMember));
  EXPECT_TRUE(create(ChatType::kGroup, std::string(129, 'x'), {kAnya}, BotStatus::kMember));
  EXPECT_TRUE(create(ChatType::kGroup, "\xFF", {kAnya}, BotStatus::kMember));
  EXPECT_TRUE(create(ChatType::kGroup, "x", {}, BotStatus::kMember));
  EXPECT_TRUE(create(ChatType::kGroup, "x", {404}, BotStatus::kMember));
  EXPECT_TRUE(create(ChatType::kGroup, "x", {kAnya, kAnya}, BotStatus::kMember));
  EXPECT_EQ(telegram.updates().size(), 0u);
}

TEST(Groups, PeopleWriteAndTapThere) {
  Groups telegram;
  Chat& group = telegram.create(ChatType::kSupergroup, BotStatus::kMember);
  World& world = telegram.world;
  world.person_writes(telegram.bot, group.id, kAdmin, "/start", telegram.now).value();
  const auto message = telegram.drain().at(0).at("message");
  EXPECT_EQ(message.at("from").at("id").as_int64(), kAdmin);
  EXPECT_EQ(message.at("chat").at("id").as_int64(), group.id);
  EXPECT_EQ(message.at("chat").at("type").as_string(), "supergroup");
  EXPECT_EQ(message.at("entities").at(0).at("type").as_string(), "bot_command");

  const auto sent = telegram.result("sendMessage", {{"chat_id", Groups::id(group)}, {"text", "x"}});
  EXPECT_EQ(sent.at("message_id").as_int64(), message.at("message_id").as_int64() + 1);
  const auto id = static_cast<MessageId>(sent.at("message_id").as_int64());
  world.person_taps(telegram.bot, group.id, kAnya, id, "c", telegram.now).value();
  const auto tap = telegram.drain().at(0).at("callback_query");
  EXPECT_EQ(tap.at("from").at("id").as_int64(), kAnya);
  EXPECT_EQ(tap.at("message").at("chat").at("id").as_int64(), group.id);

  EXPECT_TRUE(world.person_writes(telegram.bot, group.id, kGuest, "x", telegram.now).has_error());
  EXPECT_TRUE(world.person_writes(telegram.bot, kAnya, kAdmin, "x", telegram.now).has_error());
  EXPECT_TRUE(world.person_writes(telegram.bot, -1, kAdmin, "x", telegram.now).has_error());
}

TEST(Groups, SupergroupsAndChannelsCountTheirOwnMessages) {
  Groups telegram;
  telegram.send(kAnya, "x");
  Chat& group = telegram.create(ChatType::kGroup, BotStatus::kMember);
  Chat& channel = telegram.create(ChatType::kChannel, BotStatus::kAdministrator);
  const auto send = [&](const Chat& chat) {
    return Telegram::id_of(
        telegram.result("sendMessage", {{"chat_id", Groups::id(chat)}, {"text", "x"}}));
  };
  EXPECT_EQ(send(group), "3") << "after the private message and the notice of the group";
  EXPECT_EQ(send(channel), "1");
  EXPECT_EQ(telegram.send(kAnya, "x"), "4");
}

TEST(Channels, PostsHaveASenderChatAndNobodyFrom) {
  Groups telegram;
  Chat& channel = telegram.create(ChatType::kChannel, BotStatus::kAdministrator);
  const std::string id = Groups::id(channel);
  const auto sent = telegram.result("sendMessage", {{"chat_id", id}, {"text", "x"}});
  EXPECT_EQ(boost::json::serialize(sent),
            R"({"message_id":1,"sender_chat":{"id":)" + id +
                R"(,"title":"Клуб","type":"channel"},)"
                R"("chat":{"id":)" +
                id +
                R"(,"title":"Клуб","type":"channel"},"date":1790000000,)"
                R"("text":"x"})");
  telegram.world.person_writes(telegram.bot, channel.id, kAnya, "y", telegram.now).value();
  const auto post = telegram.drain().at(0).at("channel_post");
  EXPECT_FALSE(post.as_object().contains("from"));
  EXPECT_EQ(
      telegram.error("editMessageText", {{"chat_id", id}, {"message_id", "2"}, {"text", "z"}}), "");
  const auto forwarded = telegram.result(
      "forwardMessage", {{"chat_id", kAnyaId}, {"from_chat_id", id}, {"message_id", "2"}});
  EXPECT_EQ(forwarded.at("forward_origin").at("type").as_string(), "channel");
  EXPECT_EQ(forwarded.at("forward_origin").at("message_id").as_int64(), 2);
  EXPECT_EQ(forwarded.at("forward_from_chat").at("id").as_int64(), channel.id);
}

TEST(Channels, TakeNoReplyKeyboardsAndNoPostsWithoutTheRight) {
  Groups telegram;
  Chat& channel = telegram.create(ChatType::kChannel, BotStatus::kAdministrator);
  EXPECT_EQ(telegram.error("sendMessage", {{"chat_id", Groups::id(channel)},
                                           {"text", "x"},
                                           {"reply_markup", R"({"keyboard":[["a"]]})"}}),
            "Bad Request: inline keyboard expected");
  telegram.set_status(channel, BotStatus::kBareAdministrator);
  EXPECT_EQ(telegram.say(channel), "Bad Request: need administrator rights in the channel chat");
}

TEST(Groups, PinningNeedsTheRight) {
  for (const ChatType type : {ChatType::kGroup, ChatType::kSupergroup, ChatType::kChannel}) {
    Groups telegram;
    Chat& chat = telegram.create(type, BotStatus::kAdministrator);
    const Telegram::Values in{{"chat_id", Groups::id(chat)}};
    const auto sent =
        telegram.result("sendMessage", {{"chat_id", Groups::id(chat)}, {"text", "x"}});
    Telegram::Values message = in;
    message.emplace_back("message_id", Telegram::id_of(sent));
    EXPECT_EQ(telegram.error("pinChatMessage", message), "");
    const auto notice = telegram.drain().at(0);
    EXPECT_TRUE(
        notice.as_object().contains(type == ChatType::kChannel ? "channel_post" : "message"));
    EXPECT_EQ(telegram.result("getChat", in).at("pinned_message").at("text").as_string(), "x");
    telegram.set_status(chat, BotStatus::kBareAdministrator);
    for (const char* method : {"pinChatMessage", "unpinChatMessage", "unpinAllChatMessages"}) {
      EXPECT_EQ(telegram.error(method, message),
                "Bad Request: not enough rights to manage pinned messages in the chat");
    }
  }
}

TEST(Groups, DeletingWhatOthersWroteNeedsTheRight) {
  Groups telegram;
  Chat& group = telegram.create(ChatType::kSupergroup, BotStatus::kMember);
  const auto theirs =
      telegram.world.person_writes(telegram.bot, group.id, kAnya, "x", telegram.now).value();
  const Telegram::Values message{{"chat_id", Groups::id(group)},
                                 {"message_id", std::to_string(theirs.message_id)}};
  EXPECT_EQ(telegram.error("deleteMessage", message), "Bad Request: message can't be deleted");
  telegram.set_status(group, BotStatus::kAdministrator);
  telegram.pass(100 * 3600);
  EXPECT_EQ(telegram.error("deleteMessage", message), "");
}

TEST(Groups, ARemovedBotHearsSoOfItAndIsRefused) {
  const std::pair<ChatType, std::string> kTypes[] = {{ChatType::kGroup, "group"},
                                                     {ChatType::kSupergroup, "supergroup"},
                                                     {ChatType::kChannel, "channel"}};
  for (const auto& [type, name] : kTypes) {
    Groups telegram;
    Chat& chat = telegram.create(type, BotStatus::kAdministrator);
    const Telegram::Values in{{"chat_id", Groups::id(chat)}};
    telegram.set_status(chat, BotStatus::kKicked);
    const auto told = telegram.drain();
    EXPECT_EQ(status_in(told.at(0), "new_chat_member"), "kicked");
    EXPECT_EQ(told.size(), type == ChatType::kChannel ? 1u : 2u);
    EXPECT_EQ(telegram.say(chat), "Forbidden: bot was kicked from the " + name + " chat");
    EXPECT_EQ(telegram.error("getChatMemberCount", in),
              "Forbidden: bot was kicked from the " + name + " chat");
    EXPECT_EQ(telegram.error("getChat", in) == "", type == ChatType::kGroup);
    EXPECT_TRUE(
        telegram.world.person_writes(telegram.bot, chat.id, kAnya, "x", telegram.now).has_error());
    telegram.set_status(chat, BotStatus::kAdministrator);
    EXPECT_EQ(telegram.say(chat), "");

    EXPECT_EQ(telegram.error("leaveChat", in), "");
    EXPECT_EQ(telegram.say(chat), "Forbidden: bot is not a member of the " + name + " chat");
  }
  Groups telegram;
  EXPECT_EQ(telegram.error("leaveChat", {{"chat_id", kAnyaId}}),
            "Bad Request: can't leave private chats");
}

TEST(Groups, ABotThatLeavesIsToldByItself) {
  Groups telegram;
  Chat& group = telegram.create(ChatType::kGroup, BotStatus::kMember);
  telegram.result("leaveChat", {{"chat_id", Groups::id(group)}});
  const auto told = telegram.drain();
  EXPECT_EQ(status_in(told.at(0), "new_chat_member"), "left");
  EXPECT_EQ(told.at(0).at("my_chat_member").at("from").at("id").as_int64(), kBot);
  EXPECT_EQ(told.at(1).at("message").at("left_chat_member").at("id").as_int64(), kBot);
}

TEST(Groups, MembersAreCountedAndNamed) {
  Groups telegram;
  Chat& group = telegram.create(ChatType::kGroup, BotStatus::kAdministrator);
  const std::string id = Groups::id(group);
  EXPECT_EQ(telegram.result("getChatMemberCount", {{"chat_id", id}}).as_int64(), 3);
  const auto status = [&](std::int64_t user) {
    const auto member =
        telegram.result("getChatMember", {{"chat_id", id}, {"user_id", std::to_string(user)}});
    return std::string(member.at("status").as_string());
  };
  EXPECT_EQ(status(kAnya), "creator");
  EXPECT_EQ(status(kAdmin), "member");
  EXPECT_EQ(status(kGuest), "left");
  EXPECT_EQ(status(kBot), "administrator");
  EXPECT_EQ(telegram.error("getChatMember", {{"chat_id", id}, {"user_id", "404"}}),
            "Bad Request: member not found");
}

TEST(Groups, AGroupThatBecameASupergroupTellsItsNewId) {
  Groups telegram;
  Chat& group = telegram.create(ChatType::kGroup, BotStatus::kMember);
  Chat& after = *telegram.world.upgrade_group(telegram.bot, group, telegram.now).value();
  const auto told = telegram.drain();
  EXPECT_EQ(told.at(0).at("message").at("migrate_to_chat_id").as_int64(), after.id);
  EXPECT_EQ(told.at(0).at("message").at("chat").at("id").as_int64(), group.id);
  EXPECT_EQ(told.at(1).at("message").at("migrate_from_chat_id").as_int64(), group.id);
  const auto refused =
      telegram.call("sendMessage", {{"chat_id", Groups::id(group)}, {"text", "x"}});
  EXPECT_EQ(boost::json::serialize(refused),
            R"({"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded )"
            R"(to a supergroup chat","parameters":{"migrate_to_chat_id":)" +
                Groups::id(after) + "}}");
  EXPECT_EQ(telegram.say(after), "");
  EXPECT_TRUE(telegram.world.upgrade_group(telegram.bot, group, telegram.now).has_error());
  EXPECT_TRUE(telegram.world.upgrade_group(telegram.bot, after, telegram.now).has_error());
}

TEST(Groups, CommandsHaveScopesForAdministratorsAndMembers) {
  Groups telegram;
  Chat& group = telegram.create(ChatType::kGroup, BotStatus::kMember);
  const std::string scope =
      R"({"type":"chat_member","user_id":77,"chat_id":)" + Groups::id(group) + "}";
  telegram.result("setMyCommands",
                  {{"commands", R"([{"command":"a","description":"b"}])"}, {"scope", scope}});
  EXPECT_EQ(telegram.result("getMyCommands", {{"scope", scope}}).as_array().size(), 1u);
  EXPECT_EQ(telegram
                .result("getMyCommands", {{"scope", R"({"type":"chat_administrators","chat_id":)" +
                                                        Groups::id(group) + "}"}})
                .as_array()
                .size(),
            0u);
}

}  // namespace
}  // namespace telekv::emulator
