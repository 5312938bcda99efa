/** Sealing or opening failed. */
export class SealError extends Error {
  /**
   * `damaged`: forged, altered, or sealed for somebody else. `unknown-key`: sealed with a key that
   * this device does not have. `bad-recipient-key`: nothing can be sealed for that device.
   */
  readonly reason: "damaged" | "unknown-key" | "bad-recipient-key";

  constructor(reason: SealError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SealError";
    this.reason = reason;
  }
}
