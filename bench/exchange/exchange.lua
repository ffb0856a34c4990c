-- A stub exchange: answers in Binance's shapes as fast as it can, and checks nothing.
-- Orders that are good till cancelled rest; all others fill at once, at their price. BTCUSDT stands at 65,000 and
-- ETHUSDT at 3,500, for ever.
local MARKETS = {
  { symbol = "BTCUSDT", base = "BTC", price = "65000.00", bid = "64999.90", ask = "65000.10", depth = "5",
    quote_volume = "468000000000.00" },
  { symbol = "ETHUSDT", base = "ETH", price = "3500.00", bid = "3499.90", ask = "3500.10", depth = "50",
    quote_volume = "25200000000.00" },
}
local MINUTES = {
  ["1m"] = 1, ["3m"] = 3, ["5m"] = 5, ["15m"] = 15, ["30m"] = 30, ["1h"] = 60, ["2h"] = 120, ["4h"] = 240,
  ["6h"] = 360, ["8h"] = 480, ["12h"] = 720, ["1d"] = 1440, ["3d"] = 4320, ["1w"] = 10080,
}

local function listed(template)
  local rows = {}
  for place, market in ipairs(MARKETS) do
    rows[place] = (template:gsub("<([%w_]+)>", market))
  end
  return "[" .. table.concat(rows, ",") .. "]"
end

local BOOK_TICKER = listed(
  '{"symbol":"<symbol>","bidPrice":"<bid>","bidQty":"<depth>","askPrice":"<ask>","askQty":"<depth>"}')
local DAY_TICKER = listed(
  '{"symbol":"<symbol>","lastPrice":"<price>","volume":"7200000","quoteVolume":"<quote_volume>","count":129600000}')
local SYMBOLS = listed(
  '{"symbol":"<symbol>","status":"TRADING","baseAsset":"<base>","baseAssetPrecision":8,"quoteAsset":"USDT",'
  .. '"quotePrecision":8,"quoteAssetPrecision":8,"orderTypes":["LIMIT","LIMIT_MAKER","MARKET"],'
  .. '"isSpotTradingAllowed":true,"isMarginTradingAllowed":false,"permissions":["SPOT"],"permissionSets":[["SPOT"]],'
  .. '"filters":[]}')

local function milliseconds() return string.format("%.0f", ngx.now() * 1000) end

local function field(text, name) return text:match("[?&]" .. name .. "=([^&]*)") or "" end

local function parameters()
  local text = "&" .. (ngx.var.args or "")
  if ngx.req.get_method() ~= "GET" then
    ngx.req.read_body()
    text = text .. "&" .. (ngx.req.get_body_data() or "")
  end
  return text
end

-- An order's number follows from its name, so that a cancel is answered with the number that the order was given.
local function number(name)
  return 28457000000 + ngx.crc32_long(name or "")
end

local last_trade = 0

local function placed(text)
  local symbol, price, quantity = field(text, "symbol"), field(text, "price"), field(text, "quantity")
  local now = milliseconds()
  last_trade = last_trade + 1
  local rests = field(text, "timeInForce") == "GTC"
  local state
  if rests then
    state = '"executedQty":"0.00000000","origQuoteOrderQty":"0.00000000","cummulativeQuoteQty":"0.00000000",'
      .. '"status":"NEW","timeInForce":"GTC"'
  else
    state = '"executedQty":"' .. quantity .. '","origQuoteOrderQty":"0.00000000","cummulativeQuoteQty":"650.00100000",'
      .. '"status":"FILLED","timeInForce":"IOC"'
  end
  local fills = rests and "" or '{"price":"' .. price .. '","qty":"' .. quantity
    .. '","commission":"0.00000000","commissionAsset":"BTC","tradeId":' .. last_trade .. "}"
  return table.concat {
    '{"symbol":"', symbol, '","orderId":', number(field(text, "newClientOrderId")),
    ',"orderListId":-1,"clientOrderId":"', field(text, "newClientOrderId"), '","transactTime":', now,
    ',"price":"', price, '","origQty":"', quantity, '",',
    state, ',"type":"LIMIT","side":"', field(text, "side"), '","workingTime":', now, ',"fills":[', fills,
    '],"selfTradePreventionMode":"EXPIRE_MAKER"}',
  }
end

local function recalled(text, status)
  local id, now = field(text, "origClientOrderId"), milliseconds()
  return table.concat {
    '{"symbol":"', field(text, "symbol"), '","orderId":', number(id), ',"orderListId":-1,"origClientOrderId":"', id,
    '","clientOrderId":"', id, '","transactTime":', now, ',"time":', now, ',"updateTime":', now,
    ',"price":"65000.10000000","origQty":"0.01000000","executedQty":"0.00000000","origQuoteOrderQty":"0.00000000",',
    '"cummulativeQuoteQty":"0.00000000","status":"', status, '","timeInForce":"GTC","type":"LIMIT","side":"BUY",',
    '"isWorking":true,"selfTradePreventionMode":"EXPIRE_MAKER"}',
  }
end

local function order()
  local text, method = parameters(), ngx.req.get_method()
  ngx.header["x-mbx-used-weight-1m"] = "12"
  ngx.header["x-mbx-order-count-10s"] = "3"
  if method == "POST" then return placed(text) end
  return recalled(text, method == "DELETE" and "CANCELED" or "NEW")
end

local function account()
  ngx.header["x-mbx-used-weight-1m"] = "12"
  return '{"makerCommission":10,"takerCommission":10,"buyerCommission":0,"sellerCommission":0,"canTrade":true,'
    .. '"canWithdraw":false,"canDeposit":true,"brokered":false,"updateTime":' .. milliseconds()
    .. ',"accountType":"SPOT","balances":[{"asset":"BTC","free":"1000000.00000000","locked":"0.00000000"},'
    .. '{"asset":"USDT","free":"90000000000.00000000","locked":"0.00000000"}],"permissions":["SPOT"],"uid":1}'
end

-- Candles that open and close at the price, each with ample volume.
local function klines()
  local text = parameters()
  local price = field(text, "symbol") == "ETHUSDT" and "3500.00000000" or "65000.00000000"
  local span = (MINUTES[field(text, "interval")] or 1) * 60000
  local wanted = math.min(tonumber(field(text, "limit")) or 500, 1000)
  local now = ngx.now() * 1000
  local first = tonumber(field(text, "startTime")) or now - (wanted - 1) * span
  local opening, rows = math.floor(first / span) * span, {}
  while #rows < wanted and opening <= now do
    rows[#rows + 1] = string.format(
      '[%.0f,"%s","%s","%s","%s","5000.00000000",%.0f,"325000000.00000000",90000,"2500.00000000","162500000.00000000","0"]',
      opening, price, price, price, price, opening + span - 1)
    opening = opening + span
  end
  return "[" .. table.concat(rows, ",") .. "]"
end

local function exchange_info()
  return '{"timezone":"UTC","serverTime":' .. milliseconds() .. ',"rateLimits":[],"exchangeFilters":[],"symbols":'
    .. SYMBOLS .. "}"
end

local ANSWERS = {
  ["/api/v3/order"] = order,
  ["/api/v3/account"] = account,
  ["/api/v3/klines"] = klines,
  ["/api/v3/exchangeInfo"] = exchange_info,
  ["/api/v3/ping"] = function() return "{}" end,
  ["/api/v3/time"] = function() return '{"serverTime":' .. milliseconds() .. "}" end,
  ["/api/v3/openOrders"] = function() return "[]" end,
  ["/api/v3/myTrades"] = function() return "[]" end,
  ["/api/v3/ticker/bookTicker"] = function() return BOOK_TICKER end,
  ["/api/v3/ticker/24hr"] = function() return DAY_TICKER end,
}

local M = {}

function M.answer()
  local answer = ANSWERS[ngx.var.uri]
  local body
  if answer then
    body = answer()
  else
    ngx.status = 404
    body = '{"code":-1000,"msg":"The stub exchange does not know this path."}'
  end
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

return M
