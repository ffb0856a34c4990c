// Passkeys: what the browser is asked to make or to sign, and what it answers, as JSON (WebAuthn level 3).
type Options = Record<string, unknown>;

export class NoPasskey extends Error {}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

function text(raw: ArrayBuffer): string {
  let found = "";
  for (const each of new Uint8Array(raw)) found += String.fromCharCode(each);
  return btoa(found).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

type Described = { id: string; type: "public-key"; transports?: AuthenticatorTransport[] };

function described(list: unknown): PublicKeyCredentialDescriptor[] {
  return ((list as Described[] | undefined) ?? []).map((each) => ({ ...each, id: bytes(each.id) }));
}

async function asked<T>(work: Promise<T | null>): Promise<T> {
  try {
    const found = await work;
    if (found) return found;
  } catch (error) {
    if (error instanceof DOMException && error.name === "InvalidStateError") {
      throw new NoPasskey("This device has a passkey here already; sign in with it.");
    }
  }
  throw new NoPasskey("The passkey was not used: the browser was told no, or took too long. Try again.");
}

/** Make a passkey. */
export async function make(options: Options): Promise<Options> {
  const user = options["user"] as { id: string; name: string; displayName: string };
  const publicKey = {
    ...options,
    challenge: bytes(options["challenge"] as string),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: described(options["excludeCredentials"]),
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = (await asked(navigator.credentials.create({ publicKey }))) as PublicKeyCredential;
  const response = made.response as AuthenticatorAttestationResponse;
  return credential(made, {
    clientDataJSON: text(response.clientDataJSON),
    attestationObject: text(response.attestationObject),
    transports: response.getTransports(),
  });
}

/** Sign with a passkey. */
export async function sign(options: Options): Promise<Options> {
  const publicKey = {
    ...options,
    challenge: bytes(options["challenge"] as string),
    allowCredentials: described(options["allowCredentials"]),
  } as unknown as PublicKeyCredentialRequestOptions;
  const signed = (await asked(navigator.credentials.get({ publicKey }))) as PublicKeyCredential;
  const response = signed.response as AuthenticatorAssertionResponse;
  return credential(signed, {
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle ? text(response.userHandle) : null,
  });
}

function credential(found: PublicKeyCredential, response: Options): Options {
  return { id: found.id, rawId: text(found.rawId), type: found.type, response, clientExtensionResults: {} };
}
