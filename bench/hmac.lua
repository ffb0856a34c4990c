-- HMAC-SHA-256 through OpenSSL, for the load and for the Lua peer.
-- The two padded key blocks are hashed once a key; a signature then continues from copies of those states.
local ffi = require "ffi"
local bit = require "bit"

ffi.cdef [[
typedef struct {
  unsigned int h[8]; unsigned int Nl, Nh; unsigned int data[16]; unsigned int num, md_len;
} SHA256_CTX;
int SHA256_Init(SHA256_CTX *);
int SHA256_Update(SHA256_CTX *, const void *, size_t);
int SHA256_Final(unsigned char *, SHA256_CTX *);
]]

local crypto = ffi.load("libcrypto.so.3")
local STATE_BYTES = ffi.sizeof("SHA256_CTX")
local DIGITS = ffi.new("char[16]", "0123456789abcdef")
local state = ffi.new("SHA256_CTX")
local digest = ffi.new("unsigned char[32]")
local hex = ffi.new("char[64]")

local M = { crypto = crypto }

local function to_hex()
  for i = 0, 31 do
    local byte = digest[i]
    hex[2 * i] = DIGITS[bit.rshift(byte, 4)]
    hex[2 * i + 1] = DIGITS[bit.band(byte, 15)]
  end
  return hex
end

local function padded(secret, mask)
  local block = ffi.new("unsigned char[64]")
  for i = 0, 63 do block[i] = bit.bxor(secret:byte(i + 1) or 0, mask) end
  local start = ffi.new("SHA256_CTX")
  crypto.SHA256_Init(start)
  crypto.SHA256_Update(start, block, 64)
  return start
end

-- The two states from which every signature with this secret (at most 64 bytes) continues.
function M.pads(secret) return padded(secret, 0x36), padded(secret, 0x5c) end

-- The signature as 64 hexadecimal digits, in a buffer that the next call overwrites.
function M.sign(inner, outer, message)
  ffi.copy(state, inner, STATE_BYTES)
  crypto.SHA256_Update(state, message, #message)
  crypto.SHA256_Final(digest, state)
  ffi.copy(state, outer, STATE_BYTES)
  crypto.SHA256_Update(state, digest, 32)
  crypto.SHA256_Final(digest, state)
  return to_hex()
end

-- Calls back with id and secret for each line of a key file: id, a tab, secret.
function M.each_key(path, visit)
  for line in io.lines(path) do
    local id, secret = line:match("^(%S+)\t(%S+)$")
    if id then visit(id, secret) end
  end
end

return M
