import type { JSX } from "preact";
import { useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";

/** Beside what the administrator has set: that it is so, or why nothing can be changed now. */
export function PolicyNote(): JSX.Element {
  const { t } = useText();
  const { policy } = useApp().platform;
  const { problem } = policy ?? {};
  if (policy !== undefined && problem !== undefined) return <PolicyProblem />;
  return (
    <p class="note" role="note">
      <Icon name="lock" size={18} />
      {t.policy.setBy}
    </p>
  );
}

/** The same above the conversations, for who is signed in already. */
export function PolicyBanner(): JSX.Element | null {
  const { t } = useText();
  const { policy } = useApp().platform;
  if (policy?.problem === undefined) return null;
  return (
    <section class="banner" aria-label={t.policy.title} data-testid="policy-banner">
      <Icon name="alert" />
      <p>
        {t.policy.problem} <bdi class="policy-file">{policy.file}</bdi>: {policy.problem}
      </p>
    </section>
  );
}

/** The policy file cannot be relied on; nothing where there is no such trouble. */
export function PolicyProblem(): JSX.Element | null {
  const { t } = useText();
  const { policy } = useApp().platform;
  if (policy?.problem === undefined) return null;
  return (
    <p class="note note-warn" role="alert">
      <Icon name="alert" size={18} />
      <span>
        {t.policy.problem} <bdi class="policy-file">{policy.file}</bdi>: {policy.problem}
      </span>
    </p>
  );
}
