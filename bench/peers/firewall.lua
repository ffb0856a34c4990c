-- A key firewall on nginx and Lua, the strongest peer: finds the key, checks source, signature, time, route, symbol,
-- notional, rate and replay, and signs anew for upstream. Its log is buffered: it keeps no durable record.
local ffi = require "ffi"
local bit = require "bit"
local hmac = require "hmac"

ffi.cdef "int CRYPTO_memcmp(const void *, const void *, size_t);"

local READ_ACCOUNT, READ_ORDERS, CANCEL, PLACE = 8, 4, 2, 1
local SIGNATURE = "&signature="
local TAIL = #SIGNATURE + 64
local ROUTES = {
  ["POST /api/v3/order"] = { permission = PLACE, symbol = true, notional = true },
  ["DELETE /api/v3/order"] = { permission = CANCEL, symbol = true },
  ["GET /api/v3/order"] = { permission = READ_ORDERS, symbol = true },
  ["GET /api/v3/openOrders"] = { permission = READ_ORDERS, symbol = true },
  ["GET /api/v3/account"] = { permission = READ_ACCOUNT },
}
local SYMBOLS = { BTCUSDT = true, ETHUSDT = true, SOLUSDT = true, BNBUSDT = true }
local SOURCES = { ["127.0.0.1"] = true, ["10.0.0.5"] = true }

local accounts = {}
for number = 0, 15 do
  local inner, outer = hmac.pads(string.format("upstream-secret-%048d", number))
  accounts[number] = { key = string.format("upstream-key-%051d", number), inner = inner, outer = outer }
end

local keys, known = {}, 0
hmac.each_key(os.getenv("KEYS"), function(id, secret)
  local inner, outer = hmac.pads(secret)
  keys[id] = {
    number = known, inner = inner, outer = outer, account = accounts[bit.band(known, 15)], permissions = 15,
    symbols = SYMBOLS, sources = SOURCES, notional = 100000, rate = 1e9, burst = 1e9, tokens = 1e9, last = 0,
  }
  known = known + 1
end)

local function deny(status, reason)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.print('{"code":-1,"msg":"', reason, '"}')
  return ngx.exit(status)
end

local find, sub = string.find, string.sub

-- Names and values as written; nothing if a name comes twice or a pair lacks its "=".
local function parse(text)
  local values, from, length = {}, 1, #text
  while from <= length do
    local stop = find(text, "&", from, true) or length + 1
    local equals = find(text, "=", from, true)
    if not equals or equals > stop then return nil end
    local name = sub(text, from, equals - 1)
    if values[name] then return nil end
    values[name] = sub(text, equals + 1, stop - 1)
    from = stop + 1
  end
  return values
end

local function time_fault(values, now)
  local stamp = tonumber(values.timestamp)
  if not stamp then return "NO_TIMESTAMP" end
  local window = values.recvWindow and tonumber(values.recvWindow) or 5000
  if not window or window > 60000 then return "BAD_WINDOW" end
  if stamp > 1e14 then stamp = stamp / 1000 end -- microseconds
  local age = now * 1000 - stamp
  if age > window or age < -1000 then return "TIMESTAMP" end
end

local function policy_fault(key, route, values)
  if not route or bit.band(route.permission, key.permissions) == 0 then return "PERMISSION" end
  if route.symbol and not key.symbols[values.symbol or ""] then return "SYMBOL" end
  if route.notional then
    local quantity, price = tonumber(values.quantity), tonumber(values.price)
    if not quantity or not price then return "NO_NOTIONAL" end
    if quantity * price > key.notional then return "NOTIONAL" end
  end
end

-- Signatures seen in this minute and in the one before: two tables, so that the older is dropped whole.
local seen, seen_before, turn = {}, {}, 0
local function replayed(signature, now)
  if now > turn then seen, seen_before, turn = {}, seen, now + 61 end
  if seen[signature] or seen_before[signature] then return true end
  seen[signature] = true
end

local M = {}

function M.check()
  local now = ngx.now()
  local key = keys[ngx.var.http_x_mbx_apikey or ""]
  if not key then return deny(401, "UNKNOWN_KEY") end
  if not key.sources[ngx.var.remote_addr] then return deny(403, "SOURCE") end

  local method, query, body = ngx.var.request_method, ngx.var.args or "", nil
  if method ~= "GET" then
    ngx.req.read_body()
    body = ngx.req.get_body_data()
  end
  if body and query ~= "" then return deny(400, "QUERY_AND_BODY") end
  local text = body or query
  local length = #text
  if length <= TAIL or sub(text, length - TAIL + 1, length - 64) ~= SIGNATURE then return deny(400, "NO_SIGNATURE") end
  local payload, signature = sub(text, 1, length - TAIL), sub(text, length - 63)
  if hmac.crypto.CRYPTO_memcmp(hmac.sign(key.inner, key.outer, payload), signature, 64) ~= 0 then
    return deny(401, "BAD_SIGNATURE")
  end

  local values = parse(payload)
  if not values then return deny(400, "BAD_PARAMETER") end
  local fault = time_fault(values, now)
  if fault then return deny(400, fault) end
  fault = policy_fault(key, ROUTES[method .. " " .. ngx.var.uri], values)
  if fault then return deny(403, fault) end
  local tokens = math.min(key.tokens + (now - key.last) * key.rate, key.burst)
  if tokens < 1 then return deny(429, "RATE") end
  if replayed(signature, now) then return deny(400, "REPLAY") end
  key.last, key.tokens = now, tokens - 1

  local account = key.account
  local anew = payload .. SIGNATURE .. ffi.string(hmac.sign(account.inner, account.outer, payload), 64)
  if body then ngx.req.set_body_data(anew) else ngx.req.set_uri_args(anew) end
  ngx.var.upstream_key = account.key
  ngx.var.key_number = key.number
end

return M
