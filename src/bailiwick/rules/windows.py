"""Every length of time that a rule knows, in microseconds, in one place: derived, never repeated."""

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

BUCKET_US = 5 * MINUTE_US  # spending is summed in these; every zone's midnight is a multiple of them
LONGEST_DAY_US = 26 * HOUR_US  # the day on which clocks go back, and one bucket at either end

NEAR_SPAN_US = 10 * SECOND_US  # near is the median of mids over this
NEAR_FRESH_US = NEAR_SPAN_US + 5 * SECOND_US  # and one late poll
ANCHOR_SPAN_US = HOUR_US  # anchor is the time-weighted median over this
ANCHOR_LONG_SPAN_US = DAY_US  # and over this where the hour is thin
ANCHOR_SERVES_US = 15 * MINUTE_US  # how long the last anchor serves who only reduces

CLIENT_ID_US = DAY_US  # a client order id is not used again within this
LATE_TRADE_US = DAY_US  # an order that has ended still takes trades that are reported within this
SETTLED_US = 15 * MINUTE_US  # and within this if all of its trades are known
RATE_SPAN_US = MINUTE_US  # requests_per_minute may come at once, and is refilled continuously
OWN_TRADE_HOLDS_US = ANCHOR_SPAN_US  # how long a notable trade of our own is held against the anchor
EARLIER_US = 10 * SECOND_US  # a report this much older than an order is of another one that had its id
