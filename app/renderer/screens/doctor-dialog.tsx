import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Examination, NetworkSurvey } from "../../../shared/chatkit/api.ts";
import type { UserId } from "../../../shared/protocol/index.ts";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import type { Catalogue } from "../i18n/en.ts";
import { errorText } from "../model/errors.ts";
import { pairText } from "./link-line.tsx";

type Result = keyof Catalogue["network"]["results"];

/** The connection doctor: what works between the two ends, what is in the way, and what to do. */
export function DoctorDialog(props: {
  readonly peer: UserId;
  readonly name: string;
  readonly onClose: () => void;
}): JSX.Element {
  const { peer, name, onClose } = props;
  const app = useApp();
  const { kit, roster } = useAccount();
  const { t } = useText();
  const [round, setRound] = useState(0);
  const [found, setFound] = useState<readonly Examination[]>();
  const [failed, setFailed] = useState<string>();
  useEffect(() => {
    let current = true;
    setFound(undefined);
    setFailed(undefined);
    kit.network.examine(peer).then(
      (examinations) => {
        if (current) setFound(examinations);
      },
      (error: unknown) => {
        if (current) setFailed(errorText(app.i18n.text.peek(), error));
      },
    );
    return () => {
      current = false;
    };
  }, [kit, peer, round]);
  const devices = roster.value.get(peer)?.devices ?? [];
  const busy = found === undefined && failed === undefined;
  return (
    <Dialog title={t.network.checkTitle(name)} onClose={onClose}>
      <div class="dialog-body" role="status" aria-busy={busy}>
        {busy && (
          <p class="doctor-busy">
            <span class="spinner" aria-hidden="true" />
            {t.network.checking}
          </p>
        )}
        {failed !== undefined && (
          <p class="note note-error">
            <Icon name="alert" size={18} />
            {failed}
          </p>
        )}
        {found?.map((examination) => (
          <Report
            key={examination.deviceId}
            examination={examination}
            device={
              found.length > 1
                ? devices.find(({ deviceId }) => deviceId === examination.deviceId)?.name
                : undefined
            }
          />
        ))}
      </div>
      <footer class="dialog-foot">
        <Button icon="retry" disabled={busy} onClick={() => setRound(round + 1)}>
          {t.network.checkAgain}
        </Button>
      </footer>
    </Dialog>
  );
}

function Report(props: {
  readonly examination: Examination;
  readonly device: string | undefined;
}): JSX.Element {
  const { examination, device } = props;
  const { own, theirs, direct, relay, findings } = examination;
  const { t, format } = useText();
  return (
    <section class="doctor" data-testid="examination">
      {device !== undefined && (
        <h3>
          <bdi>{device}</bdi>
        </h3>
      )}
      {findings.map((finding) => {
        const [what, advice] = t.network.findings[finding];
        return (
          <div
            key={finding}
            class={finding === "ok" ? "note note-good" : "note note-warn"}
            data-finding={finding}
          >
            <Icon name={finding === "ok" ? "check" : "alert"} size={18} />
            <p>
              <strong>{what}</strong> {advice}
            </p>
          </div>
        );
      })}
      <table class="doctor-table">
        <thead>
          <tr>
            <td />
            <th scope="col">{t.network.here}</th>
            <th scope="col">{t.network.there}</th>
          </tr>
        </thead>
        <tbody>
          <Layer name="server" own={serverResult(own)} theirs={theirs && serverResult(theirs)} />
          <Layer name="udp" own={own.udp} theirs={theirs?.udp} />
          <Layer name="turn" own={own.turn} theirs={theirs?.turn} />
          <Layer name="multicast" own={own.multicast} theirs={theirs?.multicast} />
          <tr>
            <th scope="row">{t.network.layers.direct}</th>
            <td colSpan={2}>
              <Mark result={direct.state} />
              {direct.state === "ok" && (
                <span class="doctor-figure">
                  {format.duration(direct.roundTripMs)} · {pairText(t, direct)}
                </span>
              )}
            </td>
          </tr>
          <tr>
            <th scope="row">{t.network.layers.relay}</th>
            <td colSpan={2}>
              <Mark result={relay.state} />
              {relay.state === "ok" && (
                <span class="doctor-figure">{format.duration(relay.roundTripMs)}</span>
              )}
            </td>
          </tr>
        </tbody>
      </table>
    </section>
  );
}

function serverResult({ server }: NetworkSurvey): Result {
  return server.state;
}

function Layer(props: {
  readonly name: keyof Catalogue["network"]["layers"];
  readonly own: Result;
  readonly theirs: Result | undefined;
}): JSX.Element {
  const { name, own, theirs } = props;
  const { t } = useText();
  const inBrowser = name === "multicast";
  return (
    <tr>
      <th scope="row">{t.network.layers[name]}</th>
      <td>
        <Mark result={own} inBrowser={inBrowser} />
      </td>
      <td>
        {theirs === undefined ? (
          <span class="doctor-result">{t.network.noAnswer}</span>
        ) : (
          <Mark result={theirs} inBrowser={inBrowser} />
        )}
      </td>
    </tr>
  );
}

const good: ReadonlySet<Result> = new Set(["ok", "working"]);
const bad: ReadonlySet<Result> = new Set(["down", "blocked", "failed", "unheard"]);

function Mark(props: { readonly result: Result; readonly inBrowser?: boolean }): JSX.Element {
  const { result, inBrowser = false } = props;
  const { t } = useText();
  const kind = good.has(result) ? "good" : bad.has(result) ? "bad" : "neutral";
  return (
    <span class={`doctor-result doctor-${kind}`}>
      {kind !== "neutral" && <Icon name={kind === "good" ? "check" : "close"} size={15} />}
      {inBrowser && result === "none" ? t.network.unsupportedHere : t.network.results[result]}
    </span>
  );
}
