// Evidence in words, as in credentials/recognition/words.py.

import type { Evidence } from "../model";
import { KIND_LABELS, type Label, RESULT_LABELS } from "../profile";

const NOTHING: Label = ["没有检测等佐证", "沒有檢測等佐證", "no test or other evidence"];
const TO_COME: Label = ["时间尚未到", "時間尚未到", "at a time to come"];
const [MINUTE, HOUR, DAY] = [60, 3600, 86_400] as const;
const UNITS: Record<number, Label> = {
  [MINUTE]: ["分钟", "分鐘", "min"],
  [HOUR]: ["小时", "小時", "h"],
  [DAY]: ["天", "天", "d"],
};
/** Up to this age it is told in hours, as rules count. */
const HOURS_UP_TO = 7 * DAY;

/** What a code carries, with the age of each piece at `at` (seconds UTC). */
export function evidenceInWords(evidence: readonly Evidence[], at: number): Label {
  const told = evidence.map((each) => piece(each, at));
  return told.length
    ? inEach((language) => told.map((said) => said[language]).join(language === 2 ? "; " : "；"))
    : NOTHING;
}

/** How long ago, counted from sampling: down to the minute, for a limit is passed by minutes. */
export function ageInWords(seconds: number): Label {
  if (seconds < 0) return TO_COME;
  const [large, small] = seconds < HOURS_UP_TO ? [HOUR, MINUTE] : [DAY, HOUR];
  const counts = [
    [Math.floor(seconds / large), large],
    [Math.floor((seconds % large) / small), small],
  ] as const;
  const named = counts.filter(([count]) => count);
  const said = named.length ? named : ([[0, MINUTE]] as const);
  return inEach((language) => {
    const words = said.map(([count, unit]) => `${count} ${UNITS[unit]![language]}`).join(" ");
    return words + (language === 2 ? " ago" : "前");
  });
}

function piece({ kind, result, sampledAt }: Evidence, at: number): Label {
  const [what, found, age] = [KIND_LABELS[kind], RESULT_LABELS[result], ageInWords(at - sampledAt)];
  return inEach((language) =>
    language === 2 ? `${what[2]}, ${found[2]}, ${age[2]}` : `${what[language]}${found[language]}，${age[language]}`,
  );
}

function inEach(say: (language: 0 | 1 | 2) => string): Label {
  return [say(0), say(1), say(2)];
}
