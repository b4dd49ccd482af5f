// The WebSocket on which an open chat page is told what has changed (page_events.h). The page sends
// which chats it watches, the emulator sends news; both in text frames of JSON. Bounded: 4 KiB a
// request, one piece of news on its way, one every 30 ms. A page that takes longer than 10 s to
// read it, or does not answer a ping, is cut off. Runs on the io_context thread of the server.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <memory>

#include "emulator/page_events.h"

namespace telekv::emulator {

using UpgradeRequest = boost::beast::http::request<boost::beast::http::string_body>;

struct PageDeadlines {
  std::chrono::milliseconds idle{60'000};   ///< half of it without a word brings a ping
  std::chrono::milliseconds write{10'000};  ///< for one piece of news
};

/// Answers the upgrade and serves the page until either side ends it.
boost::asio::awaitable<void> serve_page(boost::beast::tcp_stream stream, UpgradeRequest request,
                                        std::shared_ptr<PageWatch> watch, PageEvents& events,
                                        PageDeadlines deadlines = {});

}  // namespace telekv::emulator
