import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { parseGroupLink } from "../../../shared/chatkit/groups/group-link.ts";
import type { GroupAbout } from "../../../shared/chatkit/groups/groups-api.ts";
import { GroupAvatar } from "../components/avatar.tsx";
import { Button } from "../components/button.tsx";
import { useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Choice, Field } from "../components/field.tsx";
import { focusInvalid } from "../components/focus-invalid.ts";
import { Icon } from "../components/icons.tsx";
import type { AccountModel } from "../model/account-model.ts";
import { mayUseServer } from "../model/allowed-server.ts";
import { errorText } from "../model/errors.ts";
import { accountsAt } from "../model/group-invitation.ts";

/** Joins a group by its link: what it leads to is shown first, and nothing happens unasked. */
export function JoinGroupDialog(props: {
  /** Absent where the person is to paste it. */
  readonly initial?: string;
  readonly onClose: () => void;
}): JSX.Element {
  const { t } = useText();
  const [link, setLink] = useState(props.initial);
  return (
    <Dialog title={t.groupLinks.title} onClose={props.onClose}>
      {link === undefined ? (
        <PasteForm onLink={setLink} onClose={props.onClose} />
      ) : (
        <Invitation link={link} onOther={() => setLink(undefined)} onClose={props.onClose} />
      )}
    </Dialog>
  );
}

function PasteForm(props: {
  readonly onLink: (link: string) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { t } = useText();
  const [text, setText] = useState("");
  const [error, setError] = useState<string>();
  const form = useRef<HTMLFormElement>(null);
  // The dialog may have been open before.
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  const submit = (): void => {
    if (parseGroupLink(text) !== undefined) props.onLink(text.trim());
    else setError(text.trim() === "" ? t.groupLinks.required : t.groupLinks.invalid);
  };
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        const { currentTarget } = event;
        event.preventDefault();
        submit();
        requestAnimationFrame(() => focusInvalid(currentTarget));
      }}
    >
      <div class="dialog-body">
        <Field
          label={t.groupLinks.paste}
          icon="ticket"
          type="url"
          autofocus
          value={text}
          hint={t.groupLinks.pasteHint}
          error={error}
          onText={(next) => {
            setText(next);
            setError(undefined);
          }}
        />
      </div>
      <footer class="dialog-foot">
        <Button onClick={props.onClose}>{t.common.cancel}</Button>
        <Button kind="primary" type="submit">
          {t.groupLinks.look}
        </Button>
      </footer>
    </form>
  );
}

interface InvitationProps {
  readonly link: string;
  readonly onOther: () => void;
  readonly onClose: () => void;
}

/** Where the link leads, for one of the accounts that are signed in there. */
function Invitation({ link, onOther, onClose }: InvitationProps): JSX.Element {
  const app = useApp();
  const server = parseGroupLink(link)?.server ?? "";
  const accounts = accountsAt(app.opened.value, server);
  const shown = app.shownSlot.value?.account;
  const [chosen, setChosen] = useState<AccountModel>();
  const account =
    [chosen, shown].find((one) => one !== undefined && accounts.includes(one)) ?? accounts[0];
  if (account === undefined) return <OtherServer link={link} server={server} onClose={onClose} />;
  return (
    <Preview
      key={app.slotOf(account)?.key}
      link={link}
      account={account}
      accounts={accounts}
      onAccount={setChosen}
      onOther={onOther}
      onClose={onClose}
    />
  );
}

function OtherServer(props: {
  readonly link: string;
  readonly server: string;
  readonly onClose: () => void;
}): JSX.Element {
  const app = useApp();
  const { t } = useText();
  const { link, onClose, server } = props;
  const allowed = mayUseServer(app.platform, server);
  return (
    <>
      <div class="dialog-body" data-testid="join-elsewhere">
        <p class="dialog-text">{t.groupLinks.otherServer}</p>
        <p class="link-target">
          <Icon name="server" size={18} />
          <bdi>{server}</bdi>
        </p>
        {!allowed && <p class="note note-warn">{t.policy.otherServer}</p>}
        {allowed && !app.mayAdd && <p class="note note-warn">{t.desktop.inviteFull}</p>}
      </div>
      <footer class="dialog-foot">
        <Button onClick={onClose}>{t.common.close}</Button>
        <Button
          kind="primary"
          disabled={!allowed || !app.mayAdd}
          onClick={() => {
            app.links.signInFor(link, server);
            app.addAccount();
          }}
        >
          {t.groupLinks.signIn}
        </Button>
      </footer>
    </>
  );
}

type Look =
  | { readonly kind: "looking" }
  | { readonly kind: "found"; readonly about?: GroupAbout; readonly members: number }
  | { readonly kind: "failed"; readonly error: unknown };

function Preview(
  props: InvitationProps & {
    readonly account: AccountModel;
    readonly accounts: readonly AccountModel[];
    readonly onAccount: (account: AccountModel) => void;
  },
): JSX.Element {
  const { account, accounts, link, onAccount, onClose, onOther } = props;
  const app = useApp();
  const { t } = useText();
  const [look, setLook] = useState<Look>({ kind: "looking" });
  const [attempt, setAttempt] = useState(0);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const conversationId = parseGroupLink(link)?.conversationId;
  const known = conversationId === undefined ? undefined : account.groups.value.get(conversationId);
  const isIn = known?.standing === "member";
  useEffect(() => {
    let isOver = false;
    setLook({ kind: "looking" });
    account.kit.groups.preview(link).then(
      (found) => !isOver && setLook({ kind: "found", ...found }),
      (error: unknown) => !isOver && setLook({ kind: "failed", error }),
    );
    return () => {
      isOver = true;
    };
  }, [account, link, attempt]);

  // One who came by the keyboard goes on there, unless they have gone elsewhere meanwhile.
  const foot = useRef<HTMLElement>(null);
  useEffect(() => {
    if (look.kind === "looking" || busy) return;
    const { activeElement } = document;
    if (activeElement === null || activeElement.closest(".dialog-head, dialog") === null) return;
    if (activeElement.closest(".dialog-body") !== null) return;
    foot.current?.querySelector<HTMLElement>(".button-primary")?.focus();
  }, [look.kind, busy]);

  const open = (id: typeof conversationId): void => {
    const slot = app.slotOf(account);
    onClose();
    if (slot !== undefined) app.show(slot.key);
    if (id !== undefined) app.attempt(() => account.openConversation(id));
  };

  async function join(): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    try {
      const conversation = await account.kit.groups.join(link);
      app.toasts.show("success", t.groupLinks.joined(conversation.title));
      open(conversation.conversationId);
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  }

  return (
    <>
      <div class="dialog-body join-group" data-testid="join-group">
        {look.kind === "looking" && (
          <p class="join-looking" role="status">
            <span class="spinner" aria-hidden="true" />
            {t.groupLinks.looking}
          </p>
        )}
        {look.kind === "failed" && <Trouble error={look.error} />}
        {look.kind === "found" && (
          <>
            <About id={conversationId ?? link} about={look.about} members={look.members} />
            <p class="dialog-text">{isIn ? t.groupLinks.already : t.groupLinks.membersHint}</p>
          </>
        )}
        {accounts.length > 1 && (
          <Choice
            label={t.groupLinks.as}
            value={app.slotOf(account)?.key ?? ""}
            options={accounts.map((one) => ({
              value: app.slotOf(one)?.key ?? "",
              label: one.self.value?.profile.userName ?? "",
            }))}
            onChange={(key) => {
              const next = accounts.find((one) => app.slotOf(one)?.key === key);
              if (next !== undefined && !busy) onAccount(next);
            }}
          />
        )}
        {failure !== undefined && <Trouble error={failure} />}
      </div>
      <footer ref={foot} class="dialog-foot">
        {look.kind === "failed" ? (
          <>
            <Button onClick={onOther}>{t.groupLinks.another}</Button>
            <Button kind="primary" onClick={() => setAttempt(attempt + 1)}>
              {t.common.retry}
            </Button>
          </>
        ) : (
          <>
            <Button onClick={onClose}>{t.common.cancel}</Button>
            {isIn ? (
              <Button kind="primary" onClick={() => open(conversationId)}>
                {t.groupLinks.open}
              </Button>
            ) : (
              <Button
                kind="primary"
                icon="people"
                busy={busy}
                disabled={look.kind !== "found"}
                onClick={() => void join()}
              >
                {busy ? t.groupLinks.joining : t.groupLinks.join}
              </Button>
            )}
          </>
        )}
      </footer>
    </>
  );
}

function About(props: {
  readonly id: string;
  readonly about: GroupAbout | undefined;
  readonly members: number;
}): JSX.Element {
  const { about, id, members } = props;
  const { t } = useText();
  const name = about?.name ?? t.groupLinks.unnamed;
  return (
    <div class="join-about">
      <GroupAvatar id={id} name={name} picture={about?.picture} size={88} />
      <p class="details-name">
        <bdi>{name}</bdi>
      </p>
      <p class="details-presence">{t.groups.members(members)}</p>
      {about?.description !== undefined && (
        <p class="group-description" dir="auto">
          {about.description}
        </p>
      )}
    </div>
  );
}

function Trouble({ error }: { readonly error: unknown }): JSX.Element {
  const { t } = useText();
  return (
    <p class="note note-warn" role="alert">
      {errorText(t, error)}
    </p>
  );
}
