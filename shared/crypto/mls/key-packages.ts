import { concatBytes } from "@noble/hashes/utils.js";
import type { KeyPackage, PrivateKeyPackage } from "ts-mls";
import {
  generateKeyPackageWithKey,
  makeKeyPackageRef,
  verifyKeyPackage,
} from "ts-mls/keyPackage.js";
import { verifyLeafNodeSignatureKeyPackage } from "ts-mls/leafNode.js";
import { cipherSuites, SUITE_NAMES } from "./cipher-suites.ts";
import {
  MlsError,
  type KeyPackageClaims,
  type MlsIdentity,
  type MlsSuite,
  type OwnKeyPackage,
} from "./mls-types.ts";
import {
  decodeKeyPackageMessage,
  decodeWelcomeMessage,
  deviceOfLeaf,
  encodeMessage,
  knownSuite,
} from "./wire.ts";
import { sameBytes } from "../bytes.ts";

/** The extension that says: may be used more than once (draft-ietf-mls-extensions, last_resort). */
const LAST_RESORT = 0x000a;

/** Bytes of a serialized private key, in both suites. */
const PRIVATE_KEY_BYTES = 32;

/** Both in seconds since the epoch. Adders check them by their own clock, and so does the library. */
export interface KeyPackageOptions {
  readonly lastResort: boolean;
  readonly notBefore: number;
  readonly notAfter: number;
}

export async function createKeyPackage(
  identity: MlsIdentity,
  suite: MlsSuite,
  { lastResort, notBefore, notAfter }: KeyPackageOptions,
): Promise<OwnKeyPackage> {
  const { keyPackage, privateKeys } = await newKeyPackage(identity, suite, {
    lastResort,
    notBefore,
    notAfter,
  });
  const { hash } = (await cipherSuites())[suite];
  return {
    keyPackage: encodeMessage({ version: "mls10", wireformat: "mls_key_package", keyPackage }),
    secret: concatBytes(privateKeys.initPrivateKey, privateKeys.hpkePrivateKey),
    reference: await makeKeyPackageRef(keyPackage, hash),
    lastResort,
    notAfter,
  };
}

/** The library's form of it: for this device's own leaves, which have no package on a server. */
export async function newKeyPackage(
  { userId, keys }: MlsIdentity,
  suite: MlsSuite,
  { lastResort, notBefore, notAfter }: KeyPackageOptions,
): Promise<{ keyPackage: KeyPackage; privateKeys: PrivateKeyPackage }> {
  const { publicPackage, privatePackage } = await generateKeyPackageWithKey(
    { credentialType: "basic", identity: userId },
    {
      versions: ["mls10"],
      ciphersuites: [SUITE_NAMES.hybrid, SUITE_NAMES.classic],
      extensions: [LAST_RESORT],
      proposals: [],
      credentials: ["basic"],
    },
    { notBefore: BigInt(notBefore), notAfter: BigInt(notAfter) },
    lastResort ? [{ extensionType: LAST_RESORT, extensionData: new Uint8Array(0) }] : [],
    { signKey: keys.secretKey, publicKey: keys.publicKey },
    (await cipherSuites())[suite],
  );
  return { keyPackage: publicPackage, privateKeys: privatePackage };
}

/** @returns undefined unless it is a key package of ours, its signatures right; not: whether it is in time */
export async function readKeyPackage(bytes: Uint8Array): Promise<KeyPackageClaims | undefined> {
  try {
    return (await decodeKeyPackage(bytes)).claims;
  } catch (error) {
    if (error instanceof MlsError) return undefined;
    throw error;
  }
}

/** @throws MlsError malformed, invalid */
export async function decodeKeyPackage(
  bytes: Uint8Array,
): Promise<{ keyPackage: KeyPackage; claims: KeyPackageClaims }> {
  const { keyPackage } = decodeKeyPackageMessage(bytes);
  return { keyPackage, claims: await checkKeyPackage(keyPackage) };
}

/** @throws MlsError malformed, invalid */
export async function checkKeyPackage(keyPackage: KeyPackage): Promise<KeyPackageClaims> {
  const suite = knownSuite(keyPackage.cipherSuite);
  const device = deviceOfLeaf(keyPackage.leafNode);
  const { notAfter } =
    keyPackage.leafNode.leafNodeSource === "key_package"
      ? keyPackage.leafNode.lifetime
      : { notAfter: -1n };
  const { signature } = (await cipherSuites())[suite];
  const isSound =
    device !== undefined &&
    notAfter >= 0n &&
    !sameBytes(keyPackage.initKey, keyPackage.leafNode.hpkePublicKey) &&
    (await verifyLeafNodeSignatureKeyPackage(keyPackage.leafNode, signature)) &&
    (await verifyKeyPackage(keyPackage, signature));
  if (!isSound) throw new MlsError("invalid", "no sound key package");
  const lastResort = keyPackage.extensions.some(
    ({ extensionType }) => extensionType === LAST_RESORT,
  );
  const bounded = notAfter > MAX_SECONDS ? MAX_SECONDS : notAfter;
  return { ...device, suite, lastResort, notAfter: Number(bounded) };
}

/** As far as a number counts exactly; "for ever" is written as more. */
const MAX_SECONDS = BigInt(Number.MAX_SAFE_INTEGER);

/** Which key packages a Welcome is for, by their references. @returns undefined where it is none of ours */
export function welcomeReferences(
  bytes: Uint8Array,
): { suite: MlsSuite; references: readonly Uint8Array[] } | undefined {
  try {
    const { welcome, suite } = decodeWelcomeMessage(bytes);
    return { suite, references: welcome.secrets.map(({ newMember }) => newMember) };
  } catch (error) {
    if (error instanceof MlsError) return undefined;
    throw error;
  }
}

/** What `OwnKeyPackage` holds, for the library. @throws MlsError malformed */
export function privateKeysOf(identity: MlsIdentity, { secret }: OwnKeyPackage): PrivateKeyPackage {
  if (secret.length !== 2 * PRIVATE_KEY_BYTES) {
    throw new MlsError("malformed", "no private keys of a key package");
  }
  return {
    initPrivateKey: secret.slice(0, PRIVATE_KEY_BYTES),
    hpkePrivateKey: secret.slice(PRIVATE_KEY_BYTES),
    signaturePrivateKey: identity.keys.secretKey,
  };
}
