-- The load, a script for wrk: distinct requests, each signed as it is made, as Binance's spot clients send them.
--
-- The keys take turns, ten requests a turn: seven orders of which the last rests, a look-up, the account, a cancel.
-- Look-up and cancel name the order that rested in the key's turn before, which has surely arrived by then; in a
-- key's first turn there is none, and an order takes their place.
local ffi = require "ffi"
local hmac = require "hmac"

ffi.cdef [[
struct moment { long seconds; long nanoseconds; };
int clock_gettime(int, struct moment *);
int getpid(void);
]]

local ids, inner, outer, count = {}, {}, {}, 0
hmac.each_key(os.getenv("KEYS"), function(id, secret)
  ids[count] = id
  inner[count], outer[count] = hmac.pads(secret)
  count = count + 1
end)
assert(count > 0, "the key file named by KEYS holds no keys")

local clock = ffi.new("struct moment")
local function microseconds()
  ffi.C.clock_gettime(0, clock)
  return string.format("%.0f", tonumber(clock.seconds) * 1000000 + math.floor(tonumber(clock.nanoseconds) / 1000))
end

local HEAD = " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: python-requests/2.32.3\r\nAccept-Encoding: gzip, deflate\r\n"
  .. "Accept: */*\r\nConnection: keep-alive\r\nX-MBX-APIKEY: "
local LIMIT = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=%s&quantity=0.01000000&price=65000.10&newClientOrderId="
local IOC, GTC = LIMIT:format("IOC"), LIMIT:format("GTC")

local function signed(key, parameters)
  parameters = parameters .. "&recvWindow=5000&timestamp=" .. microseconds()
  return parameters .. "&signature=" .. ffi.string(hmac.sign(inner[key], outer[key], parameters), 64)
end

local function in_query(key, method, path, parameters)
  local length = method == "POST" and "\r\nContent-Length: 0\r\n\r\n" or "\r\n\r\n"
  return method .. " " .. path .. "?" .. signed(key, parameters) .. HEAD .. ids[key] .. length
end

local function in_body(key, path, parameters)
  local body = signed(key, parameters)
  return "POST " .. path .. HEAD .. ids[key] .. "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
    .. #body .. "\r\n\r\n" .. body
end

local run = "x-" .. ffi.C.getpid() .. "t" .. os.time() % 100000 .. "-"
local made = 0
local resting, placed = {}, {} -- by key: what rested in the turn before, and in this one

function request()
  local step, key = made % 10, math.floor(made / 10) * 7919 % count
  made = made + 1
  if step == 8 then return in_query(key, "GET", "/api/v3/account", "omitZeroBalances=true") end
  local earlier = resting[key]
  if step == 9 then resting[key] = placed[key] end
  if earlier and (step == 7 or step == 9) then
    local method = step == 7 and "GET" or "DELETE"
    return in_query(key, method, "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=" .. earlier)
  end
  local id = run .. made
  if step == 6 then placed[key] = id end
  local parameters = (step == 6 and GTC or IOC) .. id
  if step < 4 then return in_query(key, "POST", "/api/v3/order", parameters) end
  return in_body(key, "/api/v3/order", parameters)
end

function done(summary, latency)
  local failed = summary.errors
  io.write(string.format(
    'figures {"req":%d,"dur_us":%d,"non2xx":%d,"sockerr":%d,"mean":%.1f,"p50":%d,"p90":%d,"p99":%d,"p999":%d,"max":%d}\n',
    summary.requests, summary.duration, failed.status, failed.connect + failed.read + failed.write + failed.timeout,
    latency.mean, latency:percentile(50), latency:percentile(90), latency:percentile(99), latency:percentile(99.9),
    latency.max))
end
