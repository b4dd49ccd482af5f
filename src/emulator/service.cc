#include "emulator/service.h"

#include <algorithm>
#include <utility>

#include "emulator/body_encoding.h"
#include "emulator/control_api.h"
#include "emulator/fault_replies.h"
#include "emulator/page_files.h"
#include "emulator/streams.h"
#include "emulator/text.h"

namespace telekv::emulator {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kUsualResultBytes = 512;
constexpr auto kConflictPause = std::chrono::seconds(3);  // Client.cpp fail_query_conflict

constexpr std::string_view kOtherPoll =
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is "
    "running";
constexpr std::string_view kWebhookIsSet =
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
    "the "
    "webhook first";
constexpr std::string_view kWebhookWasSet = "Conflict: terminated by setWebhook request";

HttpReply page_reply(const PageFile& page) {
  HttpReply reply;
  reply.content_type = page.content_type;
  reply.body = page.content;
  reply.extra_headers =
      "Content-Security-Policy: default-src 'self'; frame-ancestors 'none'; base-uri 'none'\r\n"
      "X-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\n";
  return reply;
}

}  // namespace

Service::Service(asio::any_io_executor executor, World& world, FileStore& files, Journal* journal,
                 FloodKind flood, std::function<void()> on_disk_failure)
    : executor_(std::move(executor)),
      world_(world),
      files_(files),
      journal_(journal),
      on_disk_failure_(std::move(on_disk_failure)),
      page_events_(world),
      flood_(flood),
      edit_uploads_(executor_),
      crowd_(executor_, world_, {.now = [this] { return now(); }, .settle = [this] { settle(); }}),
      webhooks_(
          executor_, world_,
          {.now = [this] { return now(); },
           .commit =
               [this] {
                 crowd_.write();
                 settle();
               },
           .run_reply = [this](Bot& bot,
                               const WebhookAnswer& answer) { run_webhook_reply(bot, answer); }}) {
  observe_world();
  for (const auto& [id, bot] : world_.bots()) webhooks_.notice(id);
}

void Service::observe_world() {
  World::Observer observer;
  observer.update_queued = [this](BotId bot) {
    const auto waiting = waiting_polls_.find(bot);
    if (waiting != waiting_polls_.end()) waiting->second->timer.cancel();
    webhooks_.notice(bot);
  };
  observer.webhook_changed = [this](BotId bot) {
    if (!world_.find_bot(bot)->webhook.url.empty()) end_waiting_poll(bot, kWebhookWasSet);
    webhooks_.notice(bot);
  };
  observer.clock_advanced = [this] { webhooks_.notice_clock(); };
  observer.chat_changed = [this](BotId bot, ChatId chat) {
    page_events_.chat_changed(bot, chat);
    if (waiting_for_chat_.empty()) return;
    const auto [begin, end] = waiting_for_chat_.equal_range({bot, chat});
    for (auto waiting = begin; waiting != end; ++waiting) waiting->second->cancel();
  };
  observer.bot_wrote = [this](BotId bot, ChatId chat) { crowd_.note_answer(bot, chat); };
  world_.set_observer(std::move(observer));
}

TimeMs Service::now() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count() +
         world_.clock_advance();
}

bool Service::commit() {
  if (journal_ == nullptr || journal_->commit()) return true;
  on_disk_failure_();
  return false;
}

// After a change of the world.
bool Service::settle() {
  tell_pages();
  return commit();
}

asio::awaitable<HttpReply> Service::handle(HttpRequest* request) {
  statistics_.bytes_in += request->body.size();
  HttpReply reply = co_await find_reply(request);
  crowd_.write();
  if (!settle()) reply.delivery = Delivery::kCut;
  statistics_.bytes_out += reply.size();
  if (reply.delay.count() > 0) {
    Timer timer(executor_, reply.delay);
    co_await timer.async_wait(no_throw);
  }
  co_return reply;
}

asio::awaitable<HttpReply> Service::find_reply(HttpRequest* request) {
  HttpReply reply;
  const std::string path = percent_decode(request->path(), PlusSign::kIsPlus);
  if (auto bot_path = parse_bot_path(path, "/bot")) {
    reply = co_await handle_method(request, *bot_path);
  } else if (auto file_path = parse_bot_path(path, "/file/bot")) {
    reply = download(*file_path);
  } else if (path.starts_with("/emulator/")) {
    reply = co_await handle_control(request);
  } else if (const PageFile* page = find_page_file(path); page != nullptr) {
    reply = is_from_loopback_page(*request) ? page_reply(*page)
                                            : control_error(403, "only from this machine");
  } else {
    reply = error_reply({404, "Not Found"});
  }
  co_return reply;
}

// Pages hear of chats from the world's observer, of everything else after each request.
void Service::tell_pages() {
  if (std::exchange(told_faults_, faults_.version()) != faults_.version()) {
    page_events_.faults_changed();
  }
  const std::size_t directory = world_.people_count() + world_.bots().size();
  if (std::exchange(told_directory_, directory) != directory) page_events_.people_changed();
}

std::optional<Service::BotPath> Service::parse_bot_path(std::string_view path,
                                                        std::string_view prefix) {
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return BotPath{path.substr(0, slash), path.substr(slash + 1)};
}

asio::awaitable<HttpReply> Service::handle_method(HttpRequest* request, BotPath path) {
  const auto bot = world_.authorize(path.token);
  if (bot.has_error()) co_return error_reply(bot.error());
  const MethodEntry* method = find_method(path.rest);
  if (method == nullptr) co_return error_reply({404, "Not Found: method not found"});

  const auto fault = faults_.take(method->name, (*bot)->id);
  tell_pages();  // now: the call itself may take its time
  if (fault) {
    if (auto reply = answer_instead(*fault)) {
      statistics_.count(method->name, false);
      co_return std::move(*reply);
    }
    if (fault->kind == FaultKind::kSecondPoller) {
      statistics_.count(method->name, false);
      co_return co_await conflict((*bot)->id, kOtherPoll);
    }
  }
  const std::size_t bytes = request->body.size();
  HttpReply reply = co_await run_method(request, *bot, method);
  statistics_.count(method->name, reply.status == 200, bytes);
  if (fault) spoil(reply, *fault);
  co_return reply;
}

asio::awaitable<HttpReply> Service::run_method(HttpRequest* request, Bot* bot,
                                               const MethodEntry* method) {
  if (const auto admitted = world_.admit(*bot, method->name, now()); admitted.has_error()) {
    co_return error_reply(admitted.error());
  }
  const auto body = decode_body(request->content_encoding, std::move(request->body), kMaxBodyBytes);
  if (body.has_error()) co_return error_reply(body.error());
  const auto arguments = Arguments::parse(request->query(), request->content_type, *body);
  if (arguments.has_error()) co_return error_reply(arguments.error());
  if (method->run == nullptr) {
    PollRequest poll = read_poll_request(*arguments);
    co_return co_await get_updates(bot, poll);
  }
  if (auto refused = refuse_flood(*bot, *method, *arguments)) co_return std::move(*refused);
  if (method->name == "editMessageMedia") {
    const bool uploaded = co_await upload_edit(bot->id, &*arguments);
    if (!uploaded) co_return error_reply(bad_request("canceled by new edit message request"));
  }
  std::string result;
  result.reserve(kUsualResultBytes);
  Call call{world_, files_, *bot, *arguments, now()};
  const auto done = method->run(call, result);
  if (done.has_error()) co_return error_reply(done.error());
  HttpReply reply;
  reply.body = wrap_result(result, call.description);
  co_return reply;
}

// False when a later edit of the message came meanwhile.
asio::awaitable<bool> Service::upload_edit(BotId bot, const Arguments* arguments) {
  const EditUploads::Key message{bot, arguments->get_integer("chat_id", 0),
                                 arguments->get_integer("message_id", 0)};
  const bool has_file = arguments->file_count() > 0;
  const std::chrono::milliseconds time(has_file ? world_.upload_time() : 0);
  co_return co_await edit_uploads_.run(message, time);
}

asio::awaitable<HttpReply> Service::get_updates(Bot* bot, PollRequest request) {
  if (!bot->webhook.url.empty()) co_return co_await conflict(bot->id, kWebhookIsSet);
  PollPlan plan = world_.plan_poll(*bot, request, now());
  const auto deadline = Clock::now() + std::chrono::seconds(plan.timeout_s);
  end_waiting_poll(bot->id, kOtherPoll);
  while (true) {
    const auto updates = world_.poll(*bot, plan, now());
    if (!updates.empty() || Clock::now() >= deadline) {
      std::string list = "[";
      for (const QueuedUpdate* update : updates) {
        if (list.size() > 1) list += ',';
        list += update->json;
      }
      list += ']';
      HttpReply reply;
      reply.body = wrap_result(list, {});
      co_return reply;
    }
    if (!commit()) {  // what was confirmed must not wait for the next update
      HttpReply cut;
      cut.delivery = Delivery::kCut;
      co_return cut;
    }
    // A negative offset is counted from the end of the queue as the call found it: counted again,
    // it would drop the first of several updates that came together.
    plan.offset = std::max<std::int64_t>(plan.offset, 0);
    const auto waiting = std::make_shared<WaitingPoll>(executor_);
    waiting->timer.expires_at(deadline);
    waiting_polls_[bot->id] = waiting;
    co_await waiting->timer.async_wait(no_throw);
    if (!waiting->conflict.empty()) co_return co_await conflict(bot->id, waiting->conflict);
    waiting_polls_.erase(bot->id);
    if (bot->launched == 0) co_return error_reply(world_.closing_error(*bot, now()));
  }
}

void Service::end_waiting_poll(BotId bot, std::string_view text) {
  const auto older = waiting_polls_.find(bot);
  if (older == waiting_polls_.end()) return;
  older->second->conflict = text;
  older->second->timer.cancel();
  waiting_polls_.erase(older);
}

// Conflicts in a row are answered no faster than one in three seconds.
asio::awaitable<HttpReply> Service::conflict(BotId bot, std::string_view text) {
  auto& next = next_conflict_[bot];
  const auto answer_at = std::max(Clock::now(), next);
  next = answer_at + kConflictPause;
  if (answer_at > Clock::now()) {
    Timer timer(executor_, answer_at);
    co_await timer.async_wait(no_throw);
  }
  co_return error_reply({409, std::string(text)});
}

// A call in a webhook's answer; nobody is told its result.
void Service::run_webhook_reply(Bot& bot, const WebhookAnswer& answer) {
  const auto arguments = Arguments::parse({}, answer.content_type, answer.body);
  if (arguments.has_error() || !may_be_a_reply(arguments->get("method"))) return;
  const MethodEntry* method = find_method(arguments->get("method"));
  if (method == nullptr || refuse_flood(bot, *method, *arguments)) return;
  std::string result;
  Call call{world_, files_, bot, *arguments, now()};
  statistics_.count(method->name, method->run(call, result).has_value());
}

std::optional<HttpReply> Service::refuse_flood(const Bot& bot, const MethodEntry& method,
                                               const Arguments& arguments) {
  if (!FloodControl::is_charged(method.name)) return std::nullopt;
  const std::uint32_t wait_s = flood_.charge(bot.id, arguments.get_integer("chat_id", 0), now());
  if (wait_s == 0) return std::nullopt;
  return error_reply(too_many_requests(wait_s));
}

HttpReply Service::download(const BotPath& path) {
  const auto bot = world_.authorize(path.token);
  if (bot.has_error()) return error_reply(bot.error());
  const auto fault = faults_.take("file", (*bot)->id);
  if (fault) {
    if (auto reply = answer_instead(*fault)) return std::move(*reply);
  }
  const File* file = files_.is_local() ? nullptr : find_file_by_path(world_, **bot, path.rest);
  HttpReply reply;
  reply.content_type = "application/octet-stream";
  if (file != nullptr) reply.file = files_.get(file->number);
  statistics_.count("file", reply.file != nullptr);
  if (!reply.file) return error_reply({404, "Not Found"});
  if (fault) spoil(reply, *fault);
  return reply;
}

asio::awaitable<HttpReply> Service::handle_control(HttpRequest* request) {
  if (!is_from_loopback_page(*request)) co_return control_error(403, "only from this machine");
  const auto query = Arguments::parse(request->query(), {}, {});
  if (query.has_error()) co_return control_error(413, "query too long");
  const std::string path = percent_decode(request->path(), PlusSign::kIsPlus)
                               .substr(std::string_view("/emulator/").size());
  if (const auto wait = parse_chat_wait(request->method, path, *query)) {
    const auto deadline = Clock::now() + std::chrono::seconds(wait->wait_s);
    while (chat_version(world_, wait->bot, wait->chat) == wait->after && Clock::now() < deadline) {
      co_await wait_for_chat(wait->bot, wait->chat, deadline);
    }
  }
  ControlCall call{world_, files_, faults_, crowd_, statistics_, *query, now()};
  HttpReply reply = run_control_call(call, request->method, path, request->body);
  if (request->method == "POST" && path == "faults") end_polls_by_second_pollers();
  if (request->method == "POST" && (path == "people" || path == "bots")) {
    page_events_.people_changed();  // renamed, at least
  }
  if (request->method == "POST" && path == "clock") page_events_.faults_changed();
  co_return reply;
}

// A getUpdates that waits is ended by a second poller the moment it comes.
void Service::end_polls_by_second_pollers() {
  std::vector<BotId> polling;
  for (const auto& [bot, poll] : waiting_polls_) polling.push_back(bot);
  for (const BotId bot : polling) {
    if (faults_.take_second_poller(bot)) end_waiting_poll(bot, kOtherPoll);
  }
}

asio::awaitable<void> Service::wait_for_chat(BotId bot, ChatId chat, Clock::time_point deadline) {
  const auto timer = std::make_shared<Timer>(executor_, deadline);
  const auto place = waiting_for_chat_.emplace(std::make_pair(bot, chat), timer);
  co_await timer->async_wait(no_throw);
  waiting_for_chat_.erase(place);
}

}  // namespace telekv::emulator
