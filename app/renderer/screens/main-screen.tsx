import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Announcer } from "../components/announcer.tsx";
import { AccountContext, useApp, useText } from "../components/context.tsx";
import type { AccountModel } from "../model/account-model.ts";
import { bodySummary } from "../model/body.ts";
import { AddBuddyDialog } from "./add-buddy.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import { PolicyBanner } from "./policy-note.tsx";
import { UpdateBanner } from "./update-status.tsx";
import { ConversationScreen } from "./conversation.tsx";
import { Details } from "./details.tsx";
import { Empty } from "./empty.tsx";
import { GroupDetails } from "./group-details.tsx";
import { InviteDialog } from "./invite-dialog.tsx";
import { JoinGroupDialog } from "./join-group.tsx";
import { NewGroupDialog } from "./new-group.tsx";
import { RestoreOffer } from "./restore-offer.tsx";
import { SettingsDialog } from "./settings.tsx";
import { ShortcutsDialog } from "./shortcuts.tsx";
import { Sidebar } from "./sidebar.tsx";

/** The signed-in application: list, conversation and details beside each other. */
export function MainScreen({ account }: { account: AccountModel }): JSX.Element {
  const app = useApp();
  const { t } = useText();
  const [dialog, setDialog] = useState<
    "add-buddy" | "new-group" | "join-group" | "settings" | "about" | "shortcuts"
  >();
  const [details, setDetails] = useState(false);
  const open = account.open.value;
  /** A dialog tells late that it was closed: another may be open by then. */
  const closeOf = (closed: typeof dialog) => (): void =>
    setDialog((current) => (current === closed ? undefined : current));
  const request = app.links.request.value;
  useEffect(() => {
    const { commands } = app;
    const ends = [
      commands.on("settings", () => setDialog("settings")),
      commands.on("about", () => setDialog("about")),
      commands.on("shortcuts", () => setDialog("shortcuts")),
      commands.on("new-conversation", () => setDialog("add-buddy")),
      commands.on("new-group", () => setDialog("new-group")),
      commands.on("next-conversation", () => app.attempt(() => account.openNext(1))),
      commands.on("previous-conversation", () => app.attempt(() => account.openNext(-1))),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [app, account]);
  return (
    <AccountContext.Provider value={account}>
      <div class="app" data-testid="main-screen">
        <ConnectionBanner />
        <PolicyBanner />
        <UpdateBanner />
        <main
          class={`panes ${open === undefined ? "" : "has-conversation"} ${details && open !== undefined ? "has-details" : ""}`}
        >
          <h1 class="visually-hidden">{t.appName}</h1>
          <Sidebar
            onAddBuddy={() => setDialog("add-buddy")}
            onNewGroup={() => setDialog("new-group")}
            onSettings={() => setDialog("settings")}
          />
          {open === undefined ? (
            <section class="welcome" aria-label={t.appName}>
              <Empty
                picture="welcome"
                title={t.welcome.title(account.self.value?.profile.displayName ?? "")}
                text={t.welcome.text}
              >
                <p class="welcome-hint">{t.welcome.hint}</p>
                <RestoreOffer />
              </Empty>
            </section>
          ) : (
            <ConversationScreen
              open={open}
              detailsOpen={details}
              onDetails={() => setDetails(!details)}
            />
          )}
          {details && open?.peer !== undefined && (
            <Details peer={open.peer} onClose={() => setDetails(false)} />
          )}
          {details && open !== undefined && open.peer === undefined && (
            <GroupDetails
              key={open.model.conversationId}
              model={open.model}
              onClose={() => setDetails(false)}
            />
          )}
        </main>
        {dialog === "add-buddy" && <AddBuddyDialog onClose={closeOf("add-buddy")} />}
        {dialog === "new-group" && (
          <NewGroupDialog onJoin={() => setDialog("join-group")} onClose={closeOf("new-group")} />
        )}
        {dialog === "settings" && <SettingsDialog onClose={closeOf("settings")} />}
        {dialog === "about" && <SettingsDialog section="about" onClose={closeOf("about")} />}
        {dialog === "shortcuts" && <ShortcutsDialog onClose={closeOf("shortcuts")} />}
        {request?.kind === "invite" && <InviteDialog invite={request.invite} />}
        {request?.kind === "group" && (
          <JoinGroupDialog
            key={request.link}
            initial={request.link}
            onClose={() => app.links.done()}
          />
        )}
        {dialog === "join-group" && <JoinGroupDialog onClose={closeOf("join-group")} />}
        {request?.kind === "add-buddy" && (
          <AddBuddyDialog
            key={request.userName}
            initial={request.userName}
            onClose={() => app.links.done()}
          />
        )}
        <Announcements account={account} />
      </div>
    </AccountContext.Provider>
  );
}

/** New messages and connection changes, for those who listen. */
function Announcements({ account }: { account: AccountModel }): JSX.Element {
  const app = useApp();
  const announcer = useMemo(() => new Announcer(), []);
  const lost = useRef(false);
  useEffect(() => {
    const ends = [
      account.kit.on("message", (message) => {
        if (message.own || message.body.type === "membership") return;
        const t = app.i18n.text.peek();
        const text = bodySummary(t, message.body);
        const conversation = account.kit.conversations.get(message.conversationId);
        const name = account.nameOf(message.from);
        const inGroup = conversation !== undefined && conversation.peer === undefined;
        const said = inGroup ? t.groups.notification(conversation.title, name) : name;
        announcer.say(t.chat.announce(said, text));
      }),
      account.kit.on("connection", ({ state }) => {
        const t = app.i18n.text.peek();
        if (state === "waiting" && !lost.current) announcer.say(t.countdownAnnounce);
        if (state === "online" && lost.current) announcer.say(t.connection.reconnected);
        if (state === "waiting") lost.current = true;
        if (state === "online") lost.current = false;
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [account, app, announcer]);
  return <announcer.Region />;
}
