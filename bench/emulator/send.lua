-- sendMessage, each to the next of a thousand chats, over connections that stay.
wrk.method = "POST"
wrk.path = "/bot123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/sendMessage"
wrk.headers["Content-Type"] = "application/json"

local sent = 0
function request()
  sent = sent + 1
  local chat = 5000000000 + sent % 1000
  return wrk.format(nil, nil, nil, string.format('{"chat_id":%d,"text":"Кликов: %d"}', chat, sent))
end
