// An HTTP proxy that connects through to the API root (CONNECT), as HTTPS_PROXY names it. What goes
// through is TLS: the proxy sees the host's name and nothing else.
#pragma once

#include <string>
#include <string_view>

#include "kv/error.h"
#include "telegram/api_root.h"

namespace telekv::telegram {

struct Proxy {
  ApiRoot address;            ///< plain HTTP; its path is empty
  std::string authorization;  ///< of the Proxy-Authorization header, a secret; empty: none is asked
};

/// Reads "http://[user:password@]host[:port]"; the port is 80 when it is not told, user and
/// password may be percent-encoded. kInvalidArgument does not repeat the text.
Result<Proxy> parse_proxy(std::string_view text);

}  // namespace telekv::telegram
