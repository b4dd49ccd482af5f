#include "emulator/fault_replies.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "emulator/bot_api.h"

namespace telekv::emulator {
namespace {

constexpr std::string_view kBadGatewayPage =
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad "
    "Gateway</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n";

}  // namespace

HttpReply error_reply(const ApiError& error) {
  HttpReply reply;
  reply.status = error.code;
  reply.body = wrap_error(error);
  if (error.retry_after_s != 0) {
    reply.extra_headers = "Retry-After: " + std::to_string(error.retry_after_s) + "\r\n";
  }
  return reply;
}

void spoil(HttpReply& reply, const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kDropAfter:
      reply.delivery = Delivery::kCut;
      break;
    case FaultKind::kDelay:
      reply.delay = fault.delay;
      break;
    case FaultKind::kNoAnswer:
      reply.delay = fault.delay;
      reply.delivery = Delivery::kCut;
      break;
    case FaultKind::kCutAnswer:  // a whole body would be no fault
      reply.cut_after_bytes =
          std::min<std::uint64_t>(fault.bytes, std::max<std::size_t>(reply.size(), 1) - 1);
      break;
    default:  // answered instead of the call
      break;
  }
}

std::optional<HttpReply> answer_instead(const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kTooManyRequests:
      return error_reply(too_many_requests(fault.retry_after_s));
    case FaultKind::kBadGateway: {
      HttpReply reply;
      reply.status = 502;
      reply.content_type = "text/html";
      reply.body = kBadGatewayPage;
      return reply;
    }
    case FaultKind::kRestart:
      return error_reply({500, "Internal Server Error: restart"});
    case FaultKind::kDropBefore: {
      HttpReply reply;
      reply.delivery = Delivery::kCut;
      return reply;
    }
    case FaultKind::kDropAfter:
    case FaultKind::kDelay:
    case FaultKind::kCutAnswer:
    case FaultKind::kNoAnswer:
    case FaultKind::kSecondPoller:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace telekv::emulator
