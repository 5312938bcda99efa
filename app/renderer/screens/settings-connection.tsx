import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as v from "valibot";
import type { ConnectionBridge } from "../../preload/connection.ts";
import { type BridgeProxy, ProxySetting } from "../../preload/proxy-setting.ts";
import { Button } from "../components/button.tsx";
import { useApp, useText } from "../components/context.tsx";
import { Choice, Field } from "../components/field.tsx";
import { focusInvalid } from "../components/focus-invalid.ts";
import { PolicyNote } from "./policy-note.tsx";

const MODES = ["system", "none", "manual", "pac"] as const;
const SCHEMES = ["http", "https", "socks5"] as const;
type Mode = (typeof MODES)[number];
type FieldName = "host" | "port" | "bypass" | "url";

/** What is typed, of every mode: trying another one loses nothing. */
interface Draft extends Record<FieldName, string> {
  readonly mode: Mode;
  readonly scheme: (typeof SCHEMES)[number];
}

/** How servers are reached from this machine. Only where the host can say (desktop). */
export function ConnectionSection(): JSX.Element | null {
  const { connection } = useApp().platform;
  return connection === undefined ? null : <ProxyPart connection={connection} />;
}

function ProxyPart({ connection }: { connection: ConnectionBridge }): JSX.Element {
  const app = useApp();
  const { t } = useText();
  const [known, setKnown] = useState<BridgeProxy>();
  useEffect(() => {
    app.attempt(async () => setKnown(await connection.proxy()));
  }, [app, connection]);
  return (
    <>
      <p class="dialog-text">{t.proxy.text}</p>
      {known?.fixed === true && <PolicyNote />}
      {known !== undefined && <ProxyForm connection={connection} known={known} />}
    </>
  );
}

function ProxyForm(props: { connection: ConnectionBridge; known: BridgeProxy }): JSX.Element {
  const { connection, known } = props;
  const app = useApp();
  const { t } = useText();
  const [draft, setDraft] = useState<Draft>(() => draftOf(known.setting));
  const [used, setUsed] = useState(known.setting);
  const [wrong, setWrong] = useState<FieldName>();
  const [busy, setBusy] = useState(false);

  const change = (next: Partial<Draft>): void => {
    setDraft({ ...draft, ...next });
    setWrong(undefined);
  };
  const apply = async (next: Draft): Promise<void> => {
    const parsed = parseDraft(next);
    if (typeof parsed === "string") {
      setWrong(parsed);
      return;
    }
    setBusy(true);
    try {
      await connection.setProxy(parsed);
      setUsed(parsed);
      app.toasts.show("success", t.proxy.applied);
    } finally {
      setBusy(false);
    }
  };
  const field = (name: FieldName, label: string, hint?: string): JSX.Element => (
    <Field
      label={label}
      name={`proxy-${name}`}
      type={name === "url" ? "url" : "text"}
      value={draft[name]}
      onText={(text) => change({ [name]: text })}
      error={wrong === name ? t.proxy.wrong[name] : undefined}
      {...(hint === undefined ? {} : { hint })}
    />
  );
  const parsed = parseDraft(draft);
  const changed = typeof parsed === "string" || JSON.stringify(parsed) !== JSON.stringify(used);

  return (
    <form
      class="settings-form"
      noValidate
      aria-label={t.settings.sections.connection}
      onSubmit={(event) => {
        const form = event.currentTarget;
        event.preventDefault();
        app.attempt(async () => {
          await apply(draft);
          focusInvalid(form);
        });
      }}
    >
      <fieldset class="plain-fieldset" disabled={known.fixed}>
        <Choice
          label={t.proxy.title}
          value={draft.mode}
          options={MODES.map((value) => ({ value, label: t.proxy.modes[value] }))}
          onChange={(mode) => {
            change({ mode });
            // Nothing more is to be said about these.
            if (mode === "system" || mode === "none") app.attempt(() => apply({ ...draft, mode }));
          }}
        />
        {draft.mode === "manual" && (
          <>
            <Choice
              label={t.proxy.scheme}
              value={draft.scheme}
              options={SCHEMES.map((value) => ({ value, label: t.proxy.schemes[value] }))}
              onChange={(scheme) => change({ scheme })}
            />
            <div class="proxy-address">
              {field("host", t.proxy.host)}
              {field("port", t.proxy.port)}
            </div>
            {field("bypass", t.proxy.bypass, t.proxy.bypassHint)}
          </>
        )}
        {draft.mode === "pac" && field("url", t.proxy.url, t.proxy.urlHint)}
        {(draft.mode === "manual" || draft.mode === "pac") && !known.fixed && (
          <Button kind="primary" type="submit" busy={busy} disabled={!changed}>
            {t.proxy.apply}
          </Button>
        )}
      </fieldset>
    </form>
  );
}

function draftOf(setting: ProxySetting): Draft {
  const empty = { scheme: "http", host: "", port: "", bypass: "", url: "" } as const;
  switch (setting.mode) {
    case "system":
    case "none":
      return { ...empty, mode: setting.mode };
    case "pac":
      return { ...empty, mode: "pac", url: setting.url };
    case "manual": {
      const { scheme, host, port, bypass } = setting;
      return { ...empty, mode: "manual", scheme, host, port: `${port}`, bypass: bypass.join(", ") };
    }
  }
}

/** The setting, or the first field that is in its way. */
function parseDraft(draft: Draft): ProxySetting | FieldName {
  const { mode, scheme, host, port, bypass, url } = draft;
  const typed = {
    system: { mode: "system" },
    none: { mode: "none" },
    pac: { mode: "pac", url: url.trim() },
    manual: {
      mode: "manual",
      scheme,
      host: host.trim().replace(/^\[(.*)\]$/, "$1"),
      port: /^\d{1,5}$/.test(port.trim()) ? Number(port) : undefined,
      bypass: bypass.split(/[\s,;]+/).filter((entry) => entry !== ""),
    },
  }[mode];
  const parsed = v.safeParse(ProxySetting, typed);
  if (parsed.success) return parsed.output;
  const key = parsed.issues[0].path?.[0]?.key;
  return (["port", "bypass", "url"] as const).find((name) => name === key) ?? "host";
}
