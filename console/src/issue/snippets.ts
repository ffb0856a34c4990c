// Ready text for the usual clients. Each is run by the tests as it stands here, against a gateway.

export type Snippet = { client: string; file: string; text: string };
type Given = { gateway: string; key: string; secret: string | null; symbols: string[]; currency: string };

const FAMILIES: [string, string][] = [
  ["public", "/api/v3"], ["private", "/api/v3"], ["v1", "/api/v1"], ["sapi", "/sapi/v1"], ["sapiV2", "/sapi/v2"],
  ["sapiV3", "/sapi/v3"], ["sapiV4", "/sapi/v4"], ["fapiPublic", "/fapi/v1"], ["fapiPrivate", "/fapi/v1"],
  ["dapiPublic", "/dapi/v1"],
];
const PEM = "private.pem";

export function snippets(given: Given): Snippet[] {
  return [
    { client: "ccxt", file: "Python", text: ccxt(given) },
    { client: "freqtrade", file: "config.json", text: freqtrade(given) },
    { client: "python-binance", file: "Python", text: pythonBinance(given) },
    { client: "Official connector", file: "Python, binance-sdk-spot", text: connector(given) },
  ];
}

const quoted = (text: string): string => JSON.stringify(text);
const opened = (secret: string | null): string => (secret === null ? `open(${quoted(PEM)}).read()` : quoted(secret));

function ccxt({ gateway, key, secret }: Given): string {
  return `from urllib.parse import urlsplit

import ccxt

gateway = ${quoted(gateway)}
exchange = ccxt.binance({"apiKey": ${quoted(key)}, "secret": ${opened(secret)}})
api = exchange.urls["api"]
for family, address in api.items():  # all of them: what is left out would go past the gateway
    api[family] = gateway + urlsplit(address).path

print(exchange.fetch_balance()["total"])
`;
}

function freqtrade({ gateway, key, secret, symbols, currency }: Given): string {
  const pairs = symbols
    .filter((symbol) => symbol.endsWith(currency) && symbol !== currency)
    .map((symbol) => `${symbol.slice(0, -currency.length)}/${currency}`);
  const urls = Object.fromEntries(FAMILIES.map(([family, path]) => [family, gateway + path]));
  const exchange = {
    name: "binance",
    key,
    secret: secret ?? `the text of ${PEM}`,
    enable_ws: false,
    pair_whitelist: pairs,
    ccxt_config: { urls: { api: urls } },
  };
  return `${JSON.stringify({ exchange }, null, 2)}\n`;
}

function pythonBinance({ gateway, key, secret }: Given): string {
  const credential = secret === null ? `private_key=${opened(secret)}` : `api_secret=${quoted(secret)}`;
  return `from binance.client import Client

gateway = ${quoted(gateway)}
Client.API_URL = gateway + "/api"  # before a client is made: making one asks already
Client.MARGIN_API_URL = gateway + "/sapi"
client = Client(${quoted(key)}, ${credential})

print(client.get_account()["balances"])
`;
}

function connector({ gateway, key, secret }: Given): string {
  const credential = secret === null ? `private_key=${opened(secret)}` : `api_secret=${quoted(secret)}`;
  return `from binance_common.configuration import ConfigurationRestAPI
from binance_sdk_spot.spot import Spot

gateway = ${quoted(gateway)}
configuration = ConfigurationRestAPI(api_key=${quoted(key)}, ${credential}, base_path=gateway)
client = Spot(config_rest_api=configuration)

print(client.rest_api.get_account().data().balances)
`;
}
