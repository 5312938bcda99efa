import { effect, signal, type ReadonlySignal } from "@preact/signals";
import { parseGroupLink } from "../../../shared/chatkit/groups/group-link.ts";
import { canonicalUserName, type InviteLink } from "../../../shared/protocol/index.ts";
import { parseAppLink } from "./app-link.ts";
import type { AppModel } from "./app-model.ts";

/** What a link asks for and only the person may do. */
export type LinkRequest =
  | { readonly kind: "invite"; readonly invite: InviteLink }
  /** A group to join. */
  | { readonly kind: "group"; readonly link: string }
  /** Nobody of this name is a buddy. */
  | { readonly kind: "add-buddy"; readonly userName: string };

/**
 * Links that were opened outside. A link shows what it is about; it never signs in, adds or sends by
 * itself. It waits until an account is open and the app is not locked, and one at a time: the last one
 * counts.
 */
export class LinkDesk {
  readonly #app: AppModel;
  readonly #request = signal<LinkRequest | undefined>(undefined);
  /** Whose conversation is to be opened, until there is an account to open it in. */
  readonly #wanted = signal<string | undefined>(undefined);
  /** A link into a group for which somebody has to sign in. */
  #afterSignIn: string | undefined;

  constructor(app: AppModel) {
    this.#app = app;
    effect(() => {
      const userName = this.#wanted.value;
      if (userName === undefined || app.lock.locked.value) return;
      if (this.#openConversation(userName)) {
        this.#wanted.value = undefined;
        return;
      }
      // One that is still being opened may know them.
      const isStarting = app.slots.value.some(({ state }) => state.value.kind === "starting");
      if (isStarting || app.opened.value.length === 0) return;
      this.#wanted.value = undefined;
      this.#request.value = { kind: "add-buddy", userName };
    });
  }

  /** Waits for the person; the screen that shows it answers with `done`. */
  get request(): ReadonlySignal<LinkRequest | undefined> {
    return this.#request;
  }

  /** What a form to sign in begins with: an invitation, or the server of a group that was asked for. */
  get invitation(): InviteLink | undefined {
    const request = this.#request.value;
    if (request?.kind === "invite") return request.invite;
    const group = request?.kind === "group" ? parseGroupLink(request.link) : undefined;
    return group === undefined ? undefined : { server: group.server };
  }

  open(text: string): void {
    const link = parseAppLink(text);
    const { toasts, i18n } = this.#app;
    if (link === undefined) {
      toasts.show("error", i18n.text.peek().desktop.badLink);
      return;
    }
    this.#request.value = link.kind === "conversation" ? undefined : link;
    this.#wanted.value = link.kind === "conversation" ? link.userName : undefined;
  }

  /** For an invitation that came with the page itself. */
  offer(invite: InviteLink): void {
    this.#request.value = { kind: "invite", invite };
  }

  /** Shows what a link of a group leads to. False for any other text. */
  offerGroup(text: string): boolean {
    if (parseGroupLink(text) === undefined) return false;
    this.#request.value = { kind: "group", link: text };
    return true;
  }

  /** The group's server needs an account here first: the form names it, and the group comes after. */
  signInFor(link: string, server: string): void {
    this.#afterSignIn = link;
    this.#request.value = { kind: "invite", invite: { server } };
  }

  done(): void {
    this.#afterSignIn = undefined;
    this.#request.value = undefined;
  }

  /** Somebody has signed in: what an invitation filled in has served. */
  signedIn(): void {
    if (this.#request.peek()?.kind !== "invite") return;
    const link = this.#afterSignIn;
    this.done();
    if (link !== undefined) this.offerGroup(link);
  }

  /** False where nobody of this name is a buddy of an open account. */
  #openConversation(userName: string): boolean {
    const app = this.#app;
    const name = canonicalUserName(userName);
    // The account that is looked at first; names of several servers may be the same.
    const shown = app.shownSlot.value?.account;
    const others = app.opened.value.filter((account) => account !== shown);
    for (const account of shown === undefined ? others : [shown, ...others]) {
      const buddy = account.kit.roster
        .entries()
        .find(
          ({ profile, state }) =>
            state === "buddies" && canonicalUserName(profile.userName) === name,
        );
      const slot = app.slotOf(account);
      if (buddy === undefined || slot === undefined) continue;
      app.show(slot.key);
      app.attempt(() => account.openPeer(buddy.profile.userId));
      return true;
    }
    return false;
  }
}
