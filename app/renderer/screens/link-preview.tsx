import type { JSX } from "preact";
import { IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { Tooltip } from "../components/tooltip.tsx";
import { firstLink } from "../model/link-previews.ts";

/** A link's page, once somebody asks for it; never before. */
export function LinkPreviewCard({ text }: { readonly text: string }): JSX.Element | null {
  const app = useApp();
  const { previews } = useAccount();
  const { t } = useText();
  const { fetchPreview } = app.platform;
  const url = fetchPreview === undefined ? undefined : firstLink(text);
  if (fetchPreview === undefined || url === undefined) return null;
  const preview = previews.all.value.get(url);
  const words = t.conversations;
  if (preview?.state !== "shown") {
    const note = {
      loading: t.common.loading,
      none: words.previewNone,
      failed: words.previewFailed,
    };
    return (
      <div class="preview-ask">
        <Tooltip text={words.previewHint}>
          <button
            type="button"
            class="link-button"
            data-testid="show-preview"
            aria-label={words.previewOf(new URL(url).host)}
            disabled={preview?.state === "loading"}
            onClick={() => void previews.show(url, fetchPreview)}
          >
            <Icon name="globe" size={15} /> {words.previewShow}
          </button>
        </Tooltip>
        {preview !== undefined && <span role="status">{note[preview.state]}</span>}
      </div>
    );
  }
  const { description, image, title, url: found } = preview.page;
  return (
    <div class="preview-card" data-testid="preview">
      {image !== undefined && <img class="preview-image" src={image} alt="" />}
      <a class="preview-words" href={found} target="_blank" rel="noopener noreferrer nofollow">
        <span class="preview-host">{new URL(found).host}</span>
        <span class="preview-title" dir="auto">
          {title}
        </span>
        {description !== undefined && (
          <span class="preview-text" dir="auto">
            {description}
          </span>
        )}
      </a>
      <IconButton icon="close" label={words.previewHide} onClick={() => previews.hide(url)} />
    </div>
  );
}
