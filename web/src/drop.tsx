// Choosing files: by dropping, by buttons, by pasting. What a file is decides its content.
import type { ComponentChildren, TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Reading, Readings } from "./engine.ts";
import { clip, fileSize } from "./format.ts";
import { Icon } from "./icons.tsx";
import { isSecret, MAX_BUNDLE, shownName, sniffFile } from "./sniff.ts";
import { drop, files, sniff } from "./words.ts";

export interface Chosen {
  bundle: { file: File; name: string; gzip: boolean } | null;
  key: string;
  auditor: string;
  nonce: string;
}
type Want = "any" | "bundle" | "key" | "auditor";

interface Props {
  chosen: Chosen;
  readings: Readings;
  onChange: (chosen: Chosen) => void;
  compact: boolean;
  onAgain?: () => void;
}

export function Drop({ chosen, readings, onChange, compact, onAgain }: Props) {
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
        <TextField key={`key ${pasted}`} id="key" label={drop.key} help={drop.keyHelp} placeholder={drop.keyPlaceholder} lines
          value={chosen.key} reading={readings.key} onText={(key) => set({ key })}
          choose={drop.chooseKey} onPick={(list) => take(list, "key")} />
      </div>
      <details class="auditor" open={chosen.auditor !== "" || chosen.nonce !== ""}>
        <summary>{drop.moreSummary}</summary>
        <div class="fields even">
          <TextField key={`auditor ${pasted}`} id="auditor" label={drop.auditor} help={drop.auditorHelp} placeholder={drop.keyPlaceholder}
            value={chosen.auditor} reading={readings.auditor} onText={(auditor) => set({ auditor })}
            choose={drop.chooseAuditor} onPick={(list) => take(list, "auditor")} />
          <TextField key={`nonce ${pasted}`} id="nonce" label={drop.nonce} help={drop.nonceHelp} placeholder={drop.noncePlaceholder}
            value={chosen.nonce} reading={readings.nonce} onText={(nonce) => set({ nonce })} />
        </div>
      </details>
      <div role="alert">
        {notices.map((notice) => <p key={notice} class="notice bad">{notice}</p>)}
      </div>
      <p class="local muted"><Icon shape="lock" size={16} /> {drop.local}</p>
    </section>
  );
}

interface FieldProps {
  id: string;
  label: string;
  help: string;
  placeholder: string;
  /** Whether the text may have several lines. */
  lines?: boolean;
  value: string;
  reading: Reading | null;
  onText: (text: string) => void;
  choose?: string;
  onPick?: (list: FileList | null) => void;
}

function TextField({ id, label, help, placeholder, lines = false, value, reading, onText, choose, onPick }: FieldProps) {
  const shown = value.trim() === "" ? null : reading;
  const common = {
    id,
    class: "key",
    value,
    placeholder,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: false,
    "aria-describedby": `${id}-reading ${id}-help`,
    "aria-invalid": shown?.is === "mistake",
  } as const;
  return (
    <div class="field">
      <label class="label" for={id}>{label}</label>
      {lines ? (
        <textarea {...common} rows={3} wrap="off" maxLength={2 ** 20}
          onInput={(event: TargetedEvent<HTMLTextAreaElement>) => onText(event.currentTarget.value)} />
      ) : (
        <input {...common} type="text" maxLength={2048}
          onInput={(event: TargetedEvent<HTMLInputElement>) => onText(event.currentTarget.value)} />
      )}
      <div id={`${id}-reading`} class="reading" role="status">{shown && <ReadAs id={id} reading={shown} />}</div>
      <p id={`${id}-help`} class="help muted">{help}</p>
      <div class="buttons">
        {choose && onPick && <Pick id={`pick-${id}`} onPick={onPick}>{choose}</Pick>}
        {value !== "" && <button type="button" class="button quiet" onClick={() => onText("")}>{drop.clear} <span class="sr">{label}</span></button>}
      </div>
    </div>
  );
}

/** What the core made of a text. */
function ReadAs({ id, reading }: { id: string; reading: Reading }) {
  if (reading.is === "understood") {
    return (
      <>
        <p id={`${id}-understood`} class="understood"><Icon shape="pass" size={16} /> {drop.understood} <strong><bdi>{clip(reading.says, 300)}</bdi></strong></p>
        {reading.remarks.slice(0, 8).map((remark) => <p key={remark} class="remark"><bdi>{clip(remark, 300)}</bdi></p>)}
      </>
    );
  }
  return (
    <div id={`${id}-error`} class="fault">
      <p><Icon shape="fail" size={16} /> {drop.mistake} <bdi>{clip(reading.message, 600)}.</bdi></p>
      {reading.line !== null && reading.text !== null && (
        <p class="line"><span>{drop.mistakeLine(reading.line)}</span> <code><bdi>{clip(reading.text, 160)}</bdi></code></p>
      )}
      <p>{drop.mistakeNext}</p>
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
  const keys: Named[] = [];
  const policies: Named[] = [];
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
      const say = { bundle: files.wrongBundle, any: files.wrong, key: files.wrongTrust, auditor: files.wrongKey }[want];
      notices.push(say(name, sniff[kind.looksLike] ?? kind.looksLike));
    } else if (kind.is === "key") {
      keys.push({ name, text: kind.text });
      if (want === "bundle") notices.push(files.keyAsBundle(name));
    } else if (kind.is === "policy") {
      policies.push({ name, text: kind.text });
      if (want === "bundle") notices.push(files.policyAsBundle(name));
      if (want === "auditor") notices.push(files.policyAsAuditor(name));
    } else if (file.size > MAX_BUNDLE) {
      notices.push(files.tooLarge(name));
    } else {
      bundles += 1;
      if (bundles === 1) chosen.bundle = { file, name, gzip: kind.gzip };
      if (bundles === 2) notices.push(files.manyBundles(chosen.bundle?.name ?? ""));
      if (want === "key" || want === "auditor") notices.push(files.bundleAsKey(name));
    }
  }
  placeTrust(chosen, notices, keys, policies, want);
  return { chosen, notices };
}

interface Named { name: string; text: string }

/** Which of the fields keys and policies go to. */
function placeTrust(chosen: Chosen, notices: string[], keys: Named[], policies: Named[], want: Want): void {
  const [policy, another] = policies;
  if (policy) chosen.key = policy.text;
  if (policy && another) notices.push(files.manyPolicies(policy.name));
  const [first, second] = keys;
  if (want === "auditor") {
    const last = keys.at(-1);
    if (last) chosen.auditor = last.text;
  } else if (policy) {
    // Whose it is does not show: taken for the auditor's, the service's own key would look like a fraud.
    for (const key of keys) notices.push(files.keyBesidePolicy(key.name));
  } else {
    if (first) chosen.key = first.text;
    if (second) {
      chosen.auditor = second.text;
      notices.push(files.twoKeys);
    }
  }
}
