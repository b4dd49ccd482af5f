// A Beast request body of several shared buffers, written one after the other without a copy. Part
// of the connection; nothing else includes Beast.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>
#include <cstdint>
#include <utility>
#include <vector>

#include "vault/channel.h"

namespace telekv::telegram {

struct GatherBody {
  using value_type = std::vector<vault::SharedBytes>;

  static std::uint64_t size(const value_type& parts) {
    std::uint64_t total = 0;
    for (const auto& part : parts) total += part->size();
    return total;
  }

  /// The BodyWriter concept of Boost.Beast.
  class writer {
   public:
    using const_buffers_type = boost::asio::const_buffer;

    template <bool is_request, class Fields>
    writer(const boost::beast::http::header<is_request, Fields>& /*header*/,
           const value_type& parts)
        : parts_(parts) {}

    void init(boost::beast::error_code& failure) { failure = {}; }

    boost::optional<std::pair<const_buffers_type, bool>> get(boost::beast::error_code& failure) {
      failure = {};
      while (next_ < parts_.size() && parts_[next_]->empty()) ++next_;
      if (next_ == parts_.size()) return boost::none;
      const auto& part = *parts_[next_++];
      return std::pair(const_buffers_type(part.data(), part.size()), next_ < parts_.size());
    }

   private:
    const value_type& parts_;
    std::size_t next_ = 0;
  };
};

}  // namespace telekv::telegram
