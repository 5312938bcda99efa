import type { UserId } from "../../shared/protocol/index.ts";

/** What is worth knowing when something went wrong with an account. */
export type AuditAction =
  | "server-started"
  | "server-stopped"
  | "registered"
  | "registration-refused"
  | "signed-in"
  | "sign-in-failed"
  | "device-added"
  | "device-removed"
  | "password-changed"
  | "password-reset"
  | "invite-made"
  | "invite-revoked"
  | "account-added"
  | "account-disabled"
  | "account-enabled"
  | "account-removed"
  | "limit-reached";

export interface AuditEvent {
  readonly action: AuditAction;
  /** `nobody` is somebody who has not signed in. */
  readonly actor: "administrator" | "server" | "nobody" | UserId;
  /** Where they connect from, as the server sees it. */
  readonly address?: string;
  /** Whom or what it was done to: a user name, a device id, the first letters of an invitation. */
  readonly subject?: string;
  readonly detail?: string;
}

/** Takes security events: no secret, nothing about messages, nothing about who talks to whom. */
export interface AuditLog {
  /** Never throws and never waits. */
  write(event: AuditEvent): void;
}
