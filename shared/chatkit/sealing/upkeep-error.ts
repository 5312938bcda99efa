/** A step of a group's upkeep did not come about. */
export class UpkeepError extends Error {
  /**
   * `conflict`: somebody else's step was first; at once again. `refused`: what the server shows is
   * not believed, or leads nowhere; later again.
   */
  readonly reason: "conflict" | "refused";

  constructor(reason: UpkeepError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UpkeepError";
    this.reason = reason;
  }
}
