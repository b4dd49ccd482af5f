// A Beast response body that goes where it is wanted the moment it arrives: to a sink, or to the
// end of a text. Part of the connection; nothing else includes Beast.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "telegram/http.h"

namespace telekv::telegram {

struct ArrivingBody {
  struct value_type {
    const DownloadSink* sink = nullptr;  ///< takes it, when set
    std::string* text = nullptr;         ///< takes it otherwise
    std::optional<Error> refusal = {};   ///< why the sink took no more
  };

  /// The BodyReader concept of Boost.Beast.
  class reader {
   public:
    template <bool is_request, class Fields>
    reader(boost::beast::http::header<is_request, Fields>& /*header*/, value_type& body)
        : body_(body) {}

    void init(const boost::optional<std::uint64_t>& length, boost::beast::error_code& failure) {
      failure = {};
      if (body_.sink == nullptr && length) body_.text->reserve(static_cast<std::size_t>(*length));
    }

    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::beast::error_code& failure) {
      failure = {};
      std::size_t taken = 0;
      for (const boost::asio::const_buffer piece : boost::beast::buffers_range_ref(buffers)) {
        const std::string_view arrived(static_cast<const char*>(piece.data()), piece.size());
        if (body_.sink == nullptr) {
          body_.text->append(arrived);
        } else if (Result<void> done = (*body_.sink)(arrived); !done) {
          body_.refusal = done.error();
          failure = boost::asio::error::operation_aborted;
          return taken;
        }
        taken += piece.size();
      }
      return taken;
    }

    void finish(boost::beast::error_code& failure) { failure = {}; }

   private:
    value_type& body_;
  };
};

}  // namespace telekv::telegram
