-- A new person with each request; the emulator numbers them.
wrk.method = "POST"
wrk.path = "/emulator/people"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"first_name":"Анна Каренина","bot_id":123456789}'
