// Every sentence the page shows, in one place, so that another language is another file like this.
// Texts that the core writes (headline, rungs, details) come with the report and are not repeated here.
import type { Status, Verdict } from "./report.ts";

/** Decides grouping of digits, month names and country names. */
export const locale = "en-GB";

export const product = {
  name: "Ledgerline",
  title: "Ledgerline: check a royalty statement",
  lead: "Check that the plays your statement counts were paid by the published rules. Everything is recomputed here, on your own device.",
  skip: "Skip to the result",
};

export const drop = {
  heading: "What to check",
  invite: "Drop your statement bundle and the verifier key, or your policy, here",
  hint: "A bundle ends in .llb or .llb.gz. A key is one line of text. A policy is a file that also names witnesses.",
  bundle: "Statement bundle",
  chooseBundle: "Choose bundle…",
  changeBundle: "Choose another…",
  noBundle: "No bundle chosen yet",
  key: "Verifier key of the service, or your policy",
  keyPlaceholder: "example.com/plays/2026-04+1a2b3c4d+AbCd…",
  keyHelp: "Paste it, or open its file. Take the key from the service’s website or your contract, not from the message that brought the bundle. Several keys: a line each. A policy (tlog-policy) names logs, and witnesses who must have seen the same log.",
  chooseKey: "Open a key or policy file…",
  clear: "Clear",
  moreSummary: "I also have an auditor’s key, or sent a nonce",
  auditor: "Verifier key of the auditor",
  auditorHelp: "With it the fourth step can be checked: whether an auditor you trust signed this same run.",
  chooseAuditor: "Choose auditor’s key file…",
  nonce: "Nonce that you sent",
  nonceHelp: "If you sent the service a nonce (a random number of yours, in hex) for your bundle, give it here: it shows that nobody else chose which plays were sampled.",
  noncePlaceholder: "for example 5eed90c1",
  understood: "Understood:",
  mistake: "Not understood:",
  mistakeLine: (line: number) => `Line ${line}`,
  mistakeNext: "Until it is corrected, the check runs without it.",
  local: "Nothing you choose here leaves this device.",
  again: "Check again",
  loading: "Getting the checking program ready…",
};

export const sniff: Record<string, string> = {
  empty: "an empty file",
  csv: "a CSV or other table of text",
  tsv: "a table of text with tabs",
  json: "a JSON file",
  html: "a web page",
  xml: "an XML file",
  pdf: "a PDF document",
  image: "a picture",
  office: "an office document (a spreadsheet or text document)",
  parquet: "a Parquet file",
  sqlite: "an SQLite database",
  zstd: "a zstd archive",
  archive: "an archive of another kind",
  note: "a signed note, such as a run note or a checkpoint",
  text: "a text file",
  binary: "a binary file of unknown kind",
};

export const files = {
  wrong: (name: string, kind: string) => `“${name}” looks like ${kind}. A .llb bundle, a verifier key or a policy is needed.`,
  wrongBundle: (name: string, kind: string) => `“${name}” looks like ${kind}. A .llb bundle is needed.`,
  wrongKey: (name: string, kind: string) => `“${name}” looks like ${kind}. A verifier key is needed: one line of text with two plus signs.`,
  wrongTrust: (name: string, kind: string) => `“${name}” looks like ${kind}. A verifier key (one line of text with two plus signs) or a policy is needed.`,
  keyAsBundle: (name: string) => `“${name}” is a verifier key, and was put in the field for keys. A .llb bundle is still needed.`,
  policyAsBundle: (name: string) => `“${name}” is a policy, and was put in its field. A .llb bundle is still needed.`,
  policyAsAuditor: (name: string) => `“${name}” is a policy, and was put in the field above. An auditor’s key is one line of text.`,
  manyPolicies: (name: string) => `Several policies were given. One decides whom to trust; “${name}” was taken.`,
  keyBesidePolicy: (name: string) => `“${name}” was not used: the policy says whom to trust. If it is an auditor’s key, open it in the auditor’s field.`,
  bundleAsKey: (name: string) => `“${name}” is a bundle, and was taken as the bundle. A verifier key is one line of text.`,
  secret: (name: string) => `“${name}” is a secret signing key. It was not read any further. Do not give it to anybody; the verifier key that belongs to it is what is needed here.`,
  secretPasted: "That is a secret signing key, and was removed again. Do not give it to anybody; the verifier key that belongs to it is what is needed here.",
  manyBundles: (name: string) => `Several bundles were dropped. This page checks one at a time, and took “${name}”.`,
  twoKeys: "Two keys were dropped. The first is taken as the service’s key, the second as the auditor’s. Swap them if that is wrong.",
  tooLarge: (name: string) => `“${name}” is larger than a bundle can be (4 GiB).`,
  unreadableFile: (name: string) => `“${name}” could not be read from the disk. Has it been moved or changed? Choose it again.`,
  gzipBroken: "The compressed file is damaged: it cannot be unpacked.",
  gzipBomb: "The compressed file unpacks to far more than a bundle could. It was refused, and nothing more of it was unpacked.",
  gzipTooLarge: "The compressed file unpacks to more than a bundle can hold (4 GiB). It was refused.",
  gzipOther: (kind: string) => `The compressed file contains ${kind}, not a bundle.`,
  memory: "This device’s browser could not find enough memory for the bundle. The command line tool checks bundles of any size: ledgerline verify.",
  engine: "The checking program could not be started. Reload the page; if it stays like this, the browser may be too old or may forbid WebAssembly.",
  crashed: "The checking program stopped unexpectedly. This is a fault of this page and says nothing about your statement.",
};

export const work = {
  heading: "Checking",
  cancel: "Cancel",
  cancelled: "Cancelled. Nothing was decided about this bundle.",
  label: "Progress of the check",
  of: (percent: number) => `${percent} %`,
  stage: (name: string) => stages[name] ?? name,
  result: "Result of the check",
  finished: (verdict: Verdict | "unreadable", sentence: string) => `The check is done. ${verdicts[verdict].label}. ${sentence}`,
};

/** The core's names of its stages; a name that is not here is shown as it comes. */
export const stages: Record<string, string> = {
  inflating: "Unpacking the file",
  reading: "Reading the bundle",
  signatures: "Checking the signatures",
  tables: "Checking that your rows are all there",
  plays: "Checking your plays",
  events: "Opening sampled plays in the log",
  money: "Recomputing your money",
};

export const verdicts: Record<Verdict | "unreadable", { label: string; means: string }> = {
  verified: {
    label: "Verified",
    means: "Every check that this bundle allows was made, and none failed.",
  },
  disputed: {
    label: "Disputed",
    means: "At least one check contradicts the statement. What was expected and what was found is listed below.",
  },
  incomplete: {
    label: "Incomplete",
    means: "Nothing contradicts the statement, but something required could not be checked.",
  },
  unreadable: {
    label: "Cannot be read",
    means: "This file is not a whole, well-formed bundle, so nothing was checked. That alone says nothing about your statement: the file may be damaged, cut short, or of another kind.",
  },
};

/** Added to a verdict that stands although a step was left open. */
export const openSteps = "Steps marked “not checked” were left open; below it says why.";

export const unreadable = {
  headline: (name: string) => `“${name}” cannot be read as a bundle.`,
  oursLabel: "Not checked",
  oursHeadline: "The check could not be carried out.",
  reason: "What was wrong",
  next: "What to do: get the file again from where you received it, and compare its size. If it stays unreadable, ask the service for a new bundle, and keep this one.",
};

export const unknownSigner = {
  heading: "Who signed this is not known yet",
  body: "The figures below agree with each other. But without the service’s verifier key, or a policy that names its log, anybody could have made a bundle that agrees with itself.",
  how: "How to get the key",
  steps: [
    "Look where the service publishes it: its website, its royalty portal or your contract. It is one line of text; a line of a policy names it after the word log.",
    "Do not take it from the bundle, or from the message that brought the bundle.",
    "Paste it above. The check runs again at once.",
  ],
  claims: "Not proven, but the bundle says it comes from",
  toField: "Go to the field for the key",
};

export const signer = {
  by: "Signed by",
  unknown: "Signer: not known",
};

export const status: Record<Status, string> = { pass: "Passed", fail: "Failed", skip: "Not checked" };

export const ladder = {
  heading: "What was checked",
  lead: "Four steps, each resting on the one before. Each says what it shows, and what it does not.",
  doesNot: "What this does not prove",
  checks: (total: number, failed: number, skipped: number, other: boolean) => {
    const parts = [`${total} ${other ? "other " : ""}${total === 1 ? "check" : "checks"}`];
    if (failed > 0) parts.push(`${failed} failed`);
    if (skipped > 0) parts.push(`${skipped} not made`);
    return parts.join(", ");
  },
  none: "No checks belong to this step in this bundle.",
  more: (hidden: number) => `${hidden} more are in the report file.`,
  limitHeading: "What no step can prove",
  limit:
    "That a play which the service never recorded took place. If a play is missing from the log itself, the arithmetic here can still be right. Canary plays are the tool against that: play your own recording at a noted time, ask the service for the receipt, and see whether that play is in the log and was counted.",
};

/** Checks of what the reader asked for: what they are about, and what to do where it is missing. */
export const asked: Record<string, { title: string; missing?: string }> = {
  "checkpoint.quorum": {
    title: "Witnesses",
    missing: "This contradicts nothing: cosignatures can be added later, and change nothing in your statement. Ask the service for a bundle with those that are missing.",
  },
  "events.nonce": {
    title: "Your nonce",
    missing: "Give the nonce in its field at the top, under the key. If you sent none, ask the service why there is one.",
  },
};

export const findings = {
  heading: "What does not agree",
  headingOther: "Remarks",
  severity: { error: "Contradiction", warning: "Warning", info: "For information" },
  where: "Where",
  expected: "Expected",
  found: "Found",
  amount: "Amount at stake",
  code: "Code",
  next: "What to do: download the report below and send it to the service together with the bundle. Anybody can repeat this check with the same two files.",
  more: "Show more",
  shown: (shown: number, all: number) => `${shown} of ${all} shown`,
};

/** Findings and failed checks by code, in plain words; where a code is not here, the core's detail stands alone. */
export const findingTitles: Record<string, string> = {
  "run.signature": "The statement does not carry a valid signature of your key",
  "run.text": "The signed note of the run is not in order",
  "run.log": "The statement is about another state of the log",
  "run.balance": "The run’s own totals do not add up",
  "checkpoint.signature": "The log’s checkpoint does not carry a valid signature of your key",
  "checkpoint.quorum": "A cosignature is not by the witness that it names",
  "own-witness": "A witness of your policy has the key of a service",
  "rules.validity": "The rules do not hold in the whole period",
  "rules.hash": "These are not the rules that were signed",
  "pools.hash": "These are not the pools that were signed",
  "registry.slice": "Rows about your shares are missing or changed",
  "registry.rows": "A row about your shares is not in order",
  "scope.recordings": "The list of your recordings is not complete, or too long",
  "holders.slice": "Your account is missing or changed",
  "lines.slice": "Some of your lines are missing or changed",
  "cells.slice": "Earnings of your recordings are missing or changed",
  "plays.slice": "Some of your plays are missing or changed",
  "plays.counted": "A counted play does not keep to the rules",
  "cells.plays": "A recording was not credited with exactly its plays",
  "events.opened": "A sampled play does not open into the log",
  "events.nonce": "The sample was not drawn with the nonce you sent",
  "cells.money": "A recording earned another amount than its part of the pool",
  "lines.money": "A line pays another amount than your share gives",
  "holders.money": "Your total is not what your lines give",
  "holders.previous": "The balance of an earlier statement could not be checked",
  "auditor.signature": "The auditor’s signature is missing or not valid",
  "not-licensed": "Held back: played where there was no licence",
  "no-shares": "Held back: nobody claims the right",
  "over-claimed": "Held back: the claims exceed the whole",
  "below-threshold": "Held back: below the threshold of the rules",
  unclaimed: "Held back: part of the right is unclaimed",
  "no-pool": "Some of your plays earn nothing",
};

export const totals = {
  heading: "Your money",
  
  party: "Party",
  period: (from: string, to: string) => `From ${from} up to, not including, ${to}`,
  revision: (n: string) => `Revision ${n}`,
  origin: "Log",
  payable: "Payable now",
  broughtForward: "Brought forward",
  broughtForwardHelp: "left over from the period before",
  replaced: "Taken back",
  replacedHelp: "credited by the earlier statement of this period, which this one replaces",
  replacedShort: "Taken back",
  earned: "Earned in this period",
  earnedHelp: "the sum of your lines below",
  carriedForward: "Carried forward",
  carriedForwardHelp: "less than the smallest coin, kept for the next period",
  payableHelp: "brought forward plus earned, down to the smallest coin",
  earnedShort: "Earned",
  currency: "Currency",
  others: "Other currencies",
  runSummary: "The whole run, everybody’s money",
  pool: "To share out",
  paid: "Paid to holders",
  suspense: "Held back",
  plays: "Your plays",
  counted: "Counted",
  countedHelp: "plays that qualified under the rules",
  late: "of these, late",
  lateHelp: "began before the period, reported in it",
  opened: "Opened in the log",
  openedHelp: "sampled plays whose every event was shown",
  listened: "Listened",
  listenedHelp: "time over your counted plays",
  
  none: "The bundle holds no money for this holder.",
  unreliable: "These figures stand in the bundle, but a check above failed. Do not rely on them until it is explained.",
  unsigned: "These figures agree with each other, but who signed them is not known.",
};

export const suspended = {
  heading: "Held back from your recordings",
  lead: "Money that your recordings earned, and that nobody was paid. It stays on the books until its reason is settled.",
  nothing: "Nothing that your recordings earned is held back.",
  reasons: {
    "unknown-isrc": ["The recording is not in the registry", "Register the ISRC, or correct it where it was delivered wrongly."],
    "not-licensed": ["Played where the registry has no licence", "Check the territories and dates of the licence."],
    "no-shares": ["Nobody has registered a share", "Register who owns this recording."],
    "over-claimed": ["The claimed shares exceed 100 %", "The claimants have to agree; until then all of it waits."],
    unclaimed: ["Part of the shares is unclaimed", "The missing part can be registered by whoever owns it."],
    "below-threshold": ["Below the threshold of the rules", "Compare the plays of the months before with the statements you have of them."],
    "idle-subscribers": ["Paid by subscribers who played nothing", "The rules keep it back."],
    "no-plays": ["A pool without a counted play", "There was nothing to divide it by."],
  } as Record<string, [string, string]>,
};

export const chart = {
  heading: "Plays and money by day",
  currency: "Currency",
  asTable: "Show as table",
  region: "Table of days, scrollable",
  plays: "Plays",
  money: (currency: string) => `Money, ${currency}`,
  day: "Day",
  keys: "Use the arrow keys to go from day to day.",
  label: "Plays and money, day by day",
  none: "The bundle holds no days.",
  bounded: (shown: number, all: number) => `The last ${shown} of ${all} days are drawn. All are in the table.`,
  summary: (first: string, last: string, peak: string, plays: string) => `${first} to ${last}. Most plays on ${peak}: ${plays}.`,
  reading: (day: string, plays: string, money: string) => `${day}: ${plays} plays, ${money}`,
  noMoney: "no money",
  most: (value: string, day: string) => `most: ${value} on ${day}`,
};

export const tables = {
  tracks: "Recordings",
  tracksLead: "What each of your recordings was played and paid.",
  lines: "Lines",
  linesLead: "Each line is one recording, country, tier, right and share. Choose a line to see how its amount comes about; the arrow keys go from line to line.",
  filter: "Filter",
  tracksHint: "Title, artist, ISRC…",
  linesHint: "Title, country, right…",
  sort: "Sort by",
  ascending: "Ascending",
  descending: "Descending",
  count: (shown: string, all: string) => (shown === all ? `${all} rows` : `${shown} of ${all} rows`),
  empty: "No rows.",
  noMatch: "No row matches the filter.",
  region: (name: string) => `${name}, scrollable`,
  title: "Title",
  artist: "Artist",
  isrc: "ISRC",
  length: "Length",
  plays: "Plays",
  earned: "Your money",
  heldBack: "Held back",
  territory: "Country",
  tier: "Tier",
  right: "Right",
  cell: "Recording earned",
  share: "Your share",
  amount: "Your amount",
  untitled: "Untitled",
  printed: (shown: number, all: number) => `The first ${shown} of ${all} rows are printed; the report file holds all.`,
};

export const line = {
  heading: "How this line comes about",
  close: "Close",
  cell: (plays: string, territory: string, tier: string, right: string) =>
    `${plays} counted plays in ${territory} (${tier}) earned the recording, for the right “${right}”:`,
  share: "Your share",
  before: "Shares of holders that stand before you",
  version: "Share version (how often shares or licences of this recording had changed)",
  rule: "Your amount",
  formula: (amount: string, before: string, upTo: string) =>
    `⌊${amount} × (${before} + ${upTo}) / 1 000 000⌋ − ⌊${amount} × ${before} / 1 000 000⌋`,
  note: "⌊ ⌋ rounds down to a millionth of the currency unit. Cutting the shares out one after the other in this way leaves no remainder over.",
};

export const actions = {
  heading: "Keep the result",
  lead: "The report holds every check and every figure on this page. The command line tool writes the same bytes.",
  download: "Download the report",
  print: "Print",
};

export const footer = {
  core: "Checking program",
  version: (v: string) => `Ledgerline core ${v}`,
  hash: "SHA-256 of the WebAssembly that runs",
  hashNote: "This page shows the hash itself, so it is a display and not a proof. For a dispute, use the command line tool.",
  noHash: "not shown: this address is not secure (https or localhost)",
  requests: "Requests since the page was ready",
  requestsNote: "Bundle and keys are never sent. After loading, the page works in flight mode.",
  format: "How bundles and reports are made up: docs/format.md, delivered with the program.",
  bundleHash: "SHA-256 of the bundle",
  runNoteHash: "SHA-256 of the run note’s text",
  runNoteNote: "Everybody whose statement comes from the same run sees this same value. Compare it with others: two values for one period and revision mean two statements.",
  loading: "loading…",
};

export const gate = {
  steps: [
    ["Signed and logged", "Is the run signed by the service, and its log committed?"],
    ["My plays", "Are my rows complete, and do sampled plays open into the log?"],
    ["My money", "Do my plays, the pools and the rules give my lines and my total?"],
    ["Everybody’s money", "Are the totals that I was divided by right?"],
  ] as [string, string][],
  heading: "What will be checked",
  limit: "No step can show a play that the service never recorded. The result says what each step does not prove.",
};
