import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ChatKitError, type SignedOutReason } from "../../../shared/chatkit/api.ts";
import { limits, parseInviteLink, UserName } from "../../../shared/protocol/index.ts";
import * as v from "valibot";
import { Button } from "../components/button.tsx";
import { useApp, useText } from "../components/context.tsx";
import { Field, PasswordField } from "../components/field.tsx";
import { focusInvalid } from "../components/focus-invalid.ts";
import { Icon } from "../components/icons.tsx";
import type { Catalogue } from "../i18n/en.ts";
import { onlyServer } from "../model/allowed-server.ts";
import { errorText } from "../model/errors.ts";
import type { RememberedAccount } from "../model/account-list.ts";
import { completeServerAddress } from "../model/server-address.ts";
import { PolicyProblem } from "./policy-note.tsx";
import { LanguagePicker, SignInPitch } from "./sign-in-pitch.tsx";
import { ServersNearby } from "./servers-nearby.tsx";
import { RemoveAccount } from "./sign-out.tsx";
import { useServerProbe, type ServerProbe } from "./server-probe.ts";

type FieldName = "server" | "userName" | "displayName" | "password" | "invite";
type Errors = Partial<Record<FieldName | "form", string>>;

/** Which field a refusal is about. */
const fieldOf: Partial<Record<ChatKitError["reason"], FieldName>> = {
  "user-name-taken": "userName",
  "wrong-credential": "password",
  "invite-required": "invite",
  "invite-invalid": "invite",
  "invalid-server": "server",
  "server-unreachable": "server",
  "wrong-certificate": "server",
};

export interface SignInProps {
  readonly reason?: SignedOutReason | undefined;
  /** Whose session is over; absent for another account. */
  readonly account?: RememberedAccount | undefined;
}

export function SignInScreen({ reason, account: remembered }: SignInProps): JSX.Element {
  const app = useApp();
  const { t } = useText();
  /** Somebody is signed in here already: this is one more, and there is a way back. */
  const [before] = useState(() => app.slots.peek().find((slot) => slot.account !== undefined));
  /** What the administrator allows: one server only, or nobody until their file is repaired. */
  const rules = app.platform.policy;
  const only = onlyServer(app.platform);
  const [opening] = useState(() => {
    const link = app.links.invitation;
    return only === undefined || link?.server === only ? link : undefined;
  });
  const [mode, setMode] = useState<"sign-in" | "register">(
    opening?.invite === undefined ? "sign-in" : "register",
  );
  const [fields, setFields] = useState<Record<FieldName, string>>({
    server:
      only ??
      opening?.server ??
      remembered?.server ??
      (app.settings.server.peek() || app.platform.defaultServer),
    userName: remembered?.userName ?? "",
    displayName: "",
    password: "",
    invite: opening?.invite ?? "",
  });
  /** The certificate belongs to the server that the link named, and to no other. */
  const [pinned, setPinned] = useState<{ server: string; pin: string } | undefined>(() =>
    pinnedBy(opening ?? remembered),
  );
  const [errors, setErrors] = useState<Errors>({});
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState(false);
  const over = remembered === undefined ? undefined : app.shownSlot.value;
  const server = completeServerAddress(fields.server);
  const pin = pinned !== undefined && pinned.server === server ? pinned.pin : undefined;
  const probe = useServerProbe(fields.server, pin);
  const registering = mode === "register";
  const policy = probe.state === "found" ? probe.info.registration : undefined;
  const refused = (registering && policy === "closed") || rules?.problem !== undefined;

  const set = (name: FieldName) => (text: string) => {
    setFields((before) => ({ ...before, [name]: text }));
    setErrors((before) => {
      const { [name]: _mended, form: _told, ...rest } = before;
      return rest;
    });
  };

  /** An invitation link in the server's field fills in what it says. */
  const setServer = (text: string): void => {
    const link = /[#&](invite|pin)=/.test(text) ? parseInviteLink(text) : undefined;
    if (link === undefined) {
      set("server")(text);
      return;
    }
    set("server")(link.server);
    setPinned(pinnedBy(link));
    if (link.invite === undefined) return;
    set("invite")(link.invite);
    setMode("register");
  };

  async function submit(): Promise<void> {
    const found = check(t, fields, registering, policy === "invite");
    setErrors(found);
    if (Object.keys(found).length > 0 || server === undefined) return;
    setBusy(true);
    const { userName, password, displayName, invite } = fields;
    const account = {
      server,
      userName: userName.trim(),
      password,
      ...(pin === undefined ? {} : { pin }),
    };
    try {
      await (registering
        ? app.register({
            ...account,
            ...(displayName.trim() === "" ? {} : { displayName: displayName.trim() }),
            ...(invite.trim() === "" ? {} : { invite: invite.trim() }),
          })
        : app.signIn(account));
    } catch (error) {
      const field = error instanceof ChatKitError ? fieldOf[error.reason] : undefined;
      setErrors({ [field ?? "form"]: errorText(t, error) });
      setBusy(false);
    }
  }

  return (
    <div class="sign-in">
      <SignInPitch />
      <main class="sign-in-main">
        <LanguagePicker />
        <form
          class="sign-in-card"
          noValidate
          aria-labelledby="sign-in-title"
          onSubmit={(event) => {
            const form = event.currentTarget;
            event.preventDefault();
            void submit().then(() => focusInvalid(form));
          }}
        >
          {before !== undefined && (
            <div class="sign-in-back">
              <Button
                kind="quiet"
                icon="back"
                onClick={() => {
                  app.show(before.key);
                  app.links.done();
                }}
              >
                {t.accounts.back}
              </Button>
            </div>
          )}
          <h1 id="sign-in-title">{registering ? t.signIn.registerTitle : t.signIn.title}</h1>
          <p class="sign-in-subtitle">
            {registering ? t.signIn.registerSubtitle : t.signIn.subtitle}
          </p>
          <div class="segments" role="tablist" aria-labelledby="sign-in-title">
            {(["sign-in", "register"] as const).map((value) => (
              <button
                key={value}
                type="button"
                class="segment"
                role="tab"
                aria-selected={mode === value}
                onClick={() => {
                  setMode(value);
                  setErrors({});
                }}
              >
                {value === "register" ? t.signIn.tabRegister : t.signIn.tabSignIn}
              </button>
            ))}
          </div>
          {reason !== undefined && reason !== "by-user" && (
            <p class="note note-warn" role="status">
              <Icon name="info" size={18} />
              {t.connection.signedOut[reason]}
            </p>
          )}
          <Field
            label={t.signIn.server}
            name="server"
            type="url"
            icon="server"
            autocomplete="url"
            placeholder="https://chat.example.org"
            value={fields.server}
            onText={setServer}
            readOnly={only !== undefined}
            error={errors.server}
            hint={
              <div>
                <ProbeLine probe={probe} />
                {only !== undefined && <p>{t.policy.onlyServer}</p>}
              </div>
            }
          />
          {only === undefined && (
            <ServersNearby
              chosen={server}
              onChoose={(address, pin) => {
                set("server")(address);
                setPinned(pin === undefined ? undefined : { server: address, pin });
              }}
            />
          )}
          <Field
            label={t.signIn.userName}
            name="username"
            icon="person"
            autocomplete="username"
            autofocus
            value={fields.userName}
            onText={set("userName")}
            error={errors.userName}
          />
          {registering && (
            <Field
              label={t.signIn.displayName}
              name="name"
              icon="card"
              autocomplete="name"
              maxLength={limits.MAX_DISPLAY_NAME_LENGTH}
              value={fields.displayName}
              onText={set("displayName")}
              error={errors.displayName}
              hint={t.signIn.displayNameHint}
            />
          )}
          <PasswordField
            label={t.signIn.password}
            name="password"
            autocomplete={registering ? "new-password" : "current-password"}
            maxLength={limits.MAX_PASSWORD_LENGTH}
            value={fields.password}
            onText={set("password")}
            error={errors.password}
            {...(registering ? { hint: t.signIn.passwordHint(limits.MIN_PASSWORD_LENGTH) } : {})}
          />
          {registering && (policy === "invite" || errors.invite !== undefined) && (
            <Field
              label={t.signIn.invite}
              name="invite"
              icon="ticket"
              maxLength={128}
              value={fields.invite}
              onText={set("invite")}
              error={errors.invite}
              hint={t.signIn.inviteHint}
            />
          )}
          {rules?.problem !== undefined && (
            <>
              <PolicyProblem />
              <p class="note">
                <Icon name="lock" size={18} />
                {t.policy.noSignIn}
              </p>
            </>
          )}
          {registering && policy === "closed" && (
            <p class="note note-warn">
              <Icon name="info" size={18} />
              {t.signIn.closed}
            </p>
          )}
          {errors.form !== undefined && (
            <p class="note note-error" role="alert">
              <Icon name="alert" size={18} />
              {errors.form}
            </p>
          )}
          <Button kind="primary" type="submit" busy={busy} disabled={refused}>
            {busy
              ? registering
                ? t.signIn.busyRegister
                : t.signIn.busySignIn
              : registering
                ? t.signIn.submitRegister
                : t.signIn.submitSignIn}
          </Button>
          {over !== undefined && (
            <button type="button" class="link-button" onClick={() => setRemoving(true)}>
              {t.accounts.removeHere}
            </button>
          )}
        </form>
        {removing && over !== undefined && (
          <RemoveAccount slot={over} onClose={() => setRemoving(false)} />
        )}
      </main>
    </div>
  );
}

function pinnedBy(
  link: { readonly server: string; readonly pin?: string } | undefined,
): { server: string; pin: string } | undefined {
  return link?.pin === undefined ? undefined : { server: link.server, pin: link.pin };
}

function ProbeLine({ probe }: { probe: ServerProbe }): JSX.Element {
  const { t } = useText();
  switch (probe.state) {
    case "none":
      return <span>{t.signIn.serverHint}</span>;
    case "checking":
      return (
        <span class="probe">
          <span class="spinner" aria-hidden="true" />
          {t.signIn.serverChecking}
        </span>
      );
    case "invalid":
    case "unreachable":
      return (
        <span class="probe probe-bad">
          <Icon name="alert" size={15} />
          {probe.state === "invalid" ? t.signIn.serverInvalid : t.signIn.serverUnreachable}
        </span>
      );
    case "found":
      return (
        <span class="probe probe-good" data-testid="server-found">
          <Icon name="check" size={15} />
          <span>
            <bdi class="probe-name">{probe.info.name}</bdi> ·{" "}
            {t.signIn.policy[probe.info.registration]}
          </span>
        </span>
      );
  }
}

function check(
  t: Catalogue,
  fields: Readonly<Record<FieldName, string>>,
  registering: boolean,
  needsInvite: boolean,
): Errors {
  const errors: Errors = {};
  if (fields.server.trim() === "") errors.server = t.signIn.required;
  else if (completeServerAddress(fields.server) === undefined) {
    errors.server = t.signIn.serverInvalid;
  }
  if (fields.userName.trim() === "") errors.userName = t.signIn.required;
  else if (!v.safeParse(UserName, fields.userName).success)
    errors.userName = t.signIn.userNameInvalid;
  if (fields.password === "") errors.password = t.signIn.required;
  else if (registering && fields.password.length < limits.MIN_PASSWORD_LENGTH) {
    errors.password = t.signIn.passwordShort(limits.MIN_PASSWORD_LENGTH);
  }
  if (registering && needsInvite && fields.invite.trim() === "") {
    errors.invite = t.signIn.required;
  }
  return errors;
}
