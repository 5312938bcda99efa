import type { JSX } from "preact";
import { useId, useRef } from "preact/hooks";
import type { GroupAbout } from "../../../shared/chatkit/groups/groups-api.ts";
import { limits } from "../../../shared/protocol/index.ts";
import { GroupAvatar } from "../components/avatar.tsx";
import { Button, IconButton } from "../components/button.tsx";
import { useApp, useText } from "../components/context.tsx";
import { Field } from "../components/field.tsx";
import { groupPicture } from "../model/group-picture.ts";

/** What a group says of itself while it is written; `checkedAbout` of the engine judges it. */
export interface AboutDraft {
  readonly name: string;
  readonly description: string;
  readonly picture: string | undefined;
}

export function aboutOf({ description, name, picture }: AboutDraft): GroupAbout {
  const said = description.trim();
  return {
    name: name.trim().replaceAll(/\s+/g, " "),
    ...(said === "" ? {} : { description: said }),
    ...(picture === undefined ? {} : { picture }),
  };
}

/** Picture, name and description of a group. */
export function AboutFields(props: {
  readonly draft: AboutDraft;
  readonly id: string;
  readonly error?: string | undefined;
  readonly onChange: (draft: AboutDraft) => void;
}): JSX.Element {
  const { draft, error, id, onChange } = props;
  const { t } = useText();
  const descriptionId = useId();
  return (
    <>
      <PictureField
        id={id}
        draft={draft}
        onPicture={(picture) => onChange({ ...draft, picture })}
      />
      <Field
        label={t.groups.name}
        value={draft.name}
        onText={(name) => onChange({ ...draft, name })}
        maxLength={limits.MAX_GROUP_NAME_LENGTH}
        error={error}
        autofocus
      />
      <div class="field">
        <label for={descriptionId}>{t.groups.description}</label>
        <div class="field-box">
          <textarea
            id={descriptionId}
            rows={2}
            dir="auto"
            maxLength={limits.MAX_GROUP_DESCRIPTION_LENGTH}
            value={draft.description}
            aria-describedby={`${descriptionId}-note`}
            onInput={(event) => onChange({ ...draft, description: event.currentTarget.value })}
          />
        </div>
        <div id={`${descriptionId}-note`} class="field-note">
          {t.groups.descriptionHint}
        </div>
      </div>
    </>
  );
}

function PictureField(props: {
  readonly id: string;
  readonly draft: AboutDraft;
  readonly onPicture: (picture: string | undefined) => void;
}): JSX.Element {
  const { draft, id, onPicture } = props;
  const app = useApp();
  const { t } = useText();
  const input = useRef<HTMLInputElement>(null);
  const noteId = useId();
  const { picture } = draft;
  const take = (file: File | undefined): void => {
    if (file === undefined) return;
    app.attempt(async () => {
      const made = await groupPicture(file);
      if (made === undefined) app.toasts.show("error", t.groups.pictureBad);
      else onPicture(made);
    });
  };
  return (
    <div class="group-picture">
      <GroupAvatar id={id} name={draft.name} picture={picture} size={72} />
      <div class="group-picture-words">
        <div class="group-picture-buttons">
          <Button icon="image" aria-describedby={noteId} onClick={() => input.current?.click()}>
            {picture === undefined ? t.groups.pictureChoose : t.groups.pictureChange}
          </Button>
          {picture !== undefined && (
            <IconButton
              icon="trash"
              label={t.groups.pictureRemove}
              onClick={() => onPicture(undefined)}
            />
          )}
        </div>
        <p id={noteId} class="field-note">
          {t.groups.pictureHint}
        </p>
      </div>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        data-testid="pick-group-picture"
        onChange={(event) => {
          take(event.currentTarget.files?.[0]);
          // The same file may be chosen again.
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}
