/** The part of Electron's safeStorage that is used. */
export interface KeyStorage {
  isEncryptionAvailable(): boolean;
  encryptString(text: string): Buffer;
  decryptString(sealed: Buffer): string;
  /** On Linux only. */
  getSelectedStorageBackend?(): string;
}

/**
 * Guards keys by the operating system: the keychain on macOS, DPAPI on Windows, the Secret Service or
 * KWallet on Linux. Without one of those nothing is protected: Electron's own stand-in, a password in
 * its source, would only look like protection.
 */
export class KeyProtection {
  readonly #storage: KeyStorage;

  constructor(storage: KeyStorage) {
    this.#storage = storage;
  }

  /** Does the system guard keys? */
  get available(): boolean {
    const storage = this.#storage;
    if (!storage.isEncryptionAvailable()) return false;
    return storage.getSelectedStorageBackend?.() !== "basic_text";
  }

  /** @param key base64 @returns base64, or undefined where the system has no place for keys */
  protect(key: string): string | undefined {
    if (!this.available) return undefined;
    return this.#storage.encryptString(key).toString("base64");
  }

  /** @throws Error for what was not protected here */
  unprotect(sealed: string): string {
    return this.#storage.decryptString(Buffer.from(sealed, "base64"));
  }
}
