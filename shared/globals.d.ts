// The few globals that Node and browsers share. The layers under shared/ compile against these
// alone, so that a DOM or Node call in the engine is a type error.

declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string;
}

declare function queueMicrotask(callback: () => void): void;

declare class URL {
  constructor(url: string, base?: string);
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly hostname: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
}

/** A key inside WebCrypto, or one of ours where WebCrypto is missing. */
interface CryptoKey {
  readonly type: "public" | "private" | "secret";
}

/** The part of WebCrypto that the crypto layer uses. */
interface SubtleCrypto {
  importKey(
    format: "raw" | "pkcs8",
    key: Uint8Array,
    algorithm: string,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<CryptoKey>;
  sign(algorithm: string, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer>;
  verify(
    algorithm: string,
    key: CryptoKey,
    signature: Uint8Array,
    data: Uint8Array,
  ): Promise<boolean>;
  deriveBits(
    algorithm: { readonly name: string; readonly public: CryptoKey },
    key: CryptoKey,
    bits: number,
  ): Promise<ArrayBuffer>;
  encrypt(algorithm: AesGcm, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer>;
  decrypt(algorithm: AesGcm, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer>;
}

interface AesGcm {
  readonly name: "AES-GCM";
  readonly iv: Uint8Array;
  readonly additionalData: Uint8Array;
}

/** `subtle` is missing on a page that came by plain http from another machine. */
declare const crypto: { readonly subtle?: SubtleCrypto };
