// Choosing files: by dropping, by buttons, by pasting. What a file is decides its content.
import type { ComponentChildren, TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Faults } from "./engine.ts";
import { clip, fileSize } from "./format.ts";
import { Icon } from "./icons.tsx";
import { isKey, isSecret, MAX_BUNDLE, shownName, sniffFile } from "./sniff.ts";
import { drop, files, sniff } from "./words.ts";

export interface Chosen {
  bundle: { file: File; name: string; gzip: boolean } | null;
  key: string;
  auditor: string;
}
type Want = "any" | "bundle" | "key" | "auditor";

interface Props {
  chosen: Chosen;
  faults: Faults;
  onChange: (chosen: Chosen) => void;
  compact: boolean;
  onAgain?: () => void;
}

export function Drop({ chosen, faults, onChange, compact, onAgain }: Props) {
  const [notices, setNotices] = useState<string[]>([]);
  const [over, setOver] = useState(false);
  const [pasted, setPasted] = useState(0);
  const latest = useRef(chosen);
  latest.current = chosen;

  const take = async (list: FileList | File[] | null | undefined, want: Want) => {
    const sorted = await sort(Array.from(list ?? []), want, latest.current);
    setNotices(sorted.notices);
    onChange(sorted.chosen);
  };
  useWindowDrop((list) => void take(list, "any"), setOver);

  const set = (part: Partial<Chosen>) => {
    const secret = Object.values(part).some((text) => isSecret(String(text)));
    setNotices(secret ? [files.secretPasted] : []);
    if (!secret) onChange({ ...latest.current, ...part });
    // The field's own text goes back to what it was: a secret must not stay on the screen.
    else setPasted((count) => count + 1);
  };
  const { bundle } = chosen;
  return (
    <section class={`card drop${over ? " over" : ""}${compact ? " compact" : ""}`} aria-labelledby="drop-heading">
      <div class="invite">
        <h2 id="drop-heading">{compact ? drop.heading : drop.invite}</h2>
        {!compact && <p class="muted">{drop.hint}</p>}
      </div>
      <div class="fields">
        <div class="field">
          <p class="label">{drop.bundle}</p>
          <div class="chosen">
            <Icon shape="file" />
            {bundle ? (
              <span class="file"><bdi>{bundle.name}</bdi> <span class="muted">{fileSize(bundle.file.size)}</span></span>
            ) : (
              <span class="muted">{drop.noBundle}</span>
            )}
          </div>
          <div class="buttons">
            <Pick id="pick-bundle" primary={!bundle} onPick={(list) => take(list, bundle ? "bundle" : "any")}>
              {bundle ? drop.changeBundle : drop.chooseBundle}
            </Pick>
            {onAgain && <button type="button" class="button primary" onClick={onAgain}>{drop.again}</button>}
          </div>
        </div>
        <KeyField key={`key ${pasted}`} id="key" label={drop.key} help={drop.keyHelp} choose={drop.chooseKey}
          value={chosen.key} fault={faults.key} onText={(key) => set({ key })} onPick={(list) => take(list, "key")} />
      </div>
      <details class="auditor" open={chosen.auditor !== ""}>
        <summary>{drop.auditorSummary}</summary>
        <KeyField key={`auditor ${pasted}`} id="auditor" label={drop.auditor} help={drop.auditorHelp} choose={drop.chooseAuditor}
          value={chosen.auditor} fault={faults.auditor} onText={(auditor) => set({ auditor })} onPick={(list) => take(list, "auditor")} />
      </details>
      <div role="alert">
        {notices.map((notice) => <p key={notice} class="notice bad">{notice}</p>)}
      </div>
      <p class="local muted"><Icon shape="lock" size={16} /> {drop.local}</p>
    </section>
  );
}

interface KeyProps {
  id: string;
  label: string;
  help: string;
  choose: string;
  value: string;
  fault: string | undefined;
  onText: (text: string) => void;
  onPick: (list: FileList | null) => void;
}

function KeyField({ id, label, help, choose, value, fault, onText, onPick }: KeyProps) {
  const shaped = isKey(value.trim());
  const malformed = value.trim() !== "" && (!shaped || fault !== undefined);
  return (
    <div class="field">
      <label class="label" for={id}>{label}</label>
      <input
        id={id}
        type="text"
        class="key"
        value={value}
        placeholder={drop.keyPlaceholder}
        autocomplete="off"
        spellcheck={false}
        maxLength={2048}
        aria-describedby={malformed ? `${id}-error ${id}-help` : `${id}-help`}
        aria-invalid={malformed}
        onInput={(event: TargetedEvent<HTMLInputElement>) => onText(event.currentTarget.value)}
      />
      {malformed && <p id={`${id}-error`} class="fault">{shaped ? drop.keyRefused(clip(fault ?? "", 300)) : drop.keyMalformed}</p>}
      <p id={`${id}-help`} class="help muted">{help}</p>
      <div class="buttons">
        <Pick id={`pick-${id}`} onPick={onPick}>{choose}</Pick>
        {value !== "" && <button type="button" class="button quiet" onClick={() => onText("")}>{drop.clear}</button>}
      </div>
    </div>
  );
}

interface PickProps {
  id: string;
  primary?: boolean;
  onPick: (list: FileList | null) => void;
  children: ComponentChildren;
}

/** A real button in front of the file input, so that name, focus and looks are the page's own. */
function Pick({ id, primary = false, onPick, children }: PickProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class={primary ? "button primary" : "button"} onClick={() => input.current?.click()}>{children}</button>
      <input
        ref={input}
        id={id}
        type="file"
        hidden
        multiple
        onChange={(event: TargetedEvent<HTMLInputElement>) => {
          onPick(event.currentTarget.files);
          // The same file may be chosen again after it has changed.
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}

/** The whole window takes drops: a file that misses the panel must not replace the page. */
function useWindowDrop(take: (list: FileList | null) => void, setOver: (over: boolean) => void) {
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!event.relatedTarget) setOver(false);
    };
    const dropped = (event: DragEvent) => {
      setOver(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      latest.current(event.dataTransfer?.files ?? null);
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", dropped);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", dropped);
    };
  }, []);
}

/** More files at once than this are a mistake, and are not all opened. */
const MAX_FILES = 8;

async function sort(list: File[], want: Want, before: Chosen): Promise<{ chosen: Chosen; notices: string[] }> {
  const chosen = { ...before };
  const notices: string[] = [];
  let bundles = 0;
  let keys = 0;
  for (const file of list.slice(0, MAX_FILES)) {
    const name = shownName(file);
    let kind = await sniffFile(file).catch(() => null);
    // Called a bundle and not looking like one: damaged, most likely. The core says where.
    if (kind?.is === "other" && /\.llb(\.gz)?$/i.test(file.name)) kind = { is: "bundle", gzip: false };
    if (!kind) {
      notices.push(files.unreadableFile(name));
    } else if (kind.is === "secret") {
      notices.push(files.secret(name));
    } else if (kind.is === "other") {
      const say = want === "bundle" ? files.wrongBundle : want === "any" ? files.wrong : files.wrongKey;
      notices.push(say(name, sniff[kind.looksLike] ?? kind.looksLike));
    } else if (kind.is === "key") {
      keys += 1;
      const auditors = want === "auditor" || keys === 2;
      if (auditors) chosen.auditor = kind.text;
      else chosen.key = kind.text;
      if (keys === 2) notices.push(files.twoKeys);
      if (want === "bundle") notices.push(files.keyAsBundle(name));
    } else if (file.size > MAX_BUNDLE) {
      notices.push(files.tooLarge(name));
    } else {
      bundles += 1;
      if (bundles === 1) chosen.bundle = { file, name, gzip: kind.gzip };
      if (bundles === 2) notices.push(files.manyBundles(chosen.bundle?.name ?? ""));
      if (want === "key" || want === "auditor") notices.push(files.bundleAsKey(name));
    }
  }
  return { chosen, notices };
}
