import type { JSX } from "preact";
import type { MemberDelivery } from "../../../shared/chatkit/api.ts";
import { Avatar } from "../components/avatar.tsx";
import { useAccount, useText } from "../components/context.tsx";

/** How far a message came, in the order in which one asks. */
const PARTS = [
  { title: "read", states: ["read"] },
  { title: "delivered", states: ["delivered"] },
  { title: "notYet", states: ["stored", "sent", "waiting", "given-up"] },
] as const;

/** Who in the group has read a message, who has it, and who does not have it yet. */
export function MemberList({
  members,
}: {
  readonly members: readonly MemberDelivery[];
}): JSX.Element {
  const account = useAccount();
  const { t } = useText();
  return (
    <>
      {PARTS.map(({ states, title }) => {
        const found = members.filter(({ state }) => states.some((one) => one === state));
        if (found.length === 0) return null;
        return (
          <section key={title} data-testid={`members-${title}`}>
            <h3>
              {t.groups[title]} <span class="group-note">{found.length}</span>
            </h3>
            <ul class="details-members">
              {found.map(({ state, userId }) => (
                <li key={userId}>
                  <Avatar id={userId} name={account.nameOf(userId)} size={30} />
                  <span class="row-name">
                    <bdi>{account.nameOf(userId)}</bdi>
                  </span>
                  {title === "notYet" && <span class="badge">{t.groups.memberStates[state]}</span>}
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </>
  );
}
