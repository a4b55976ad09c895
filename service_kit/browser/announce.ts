// Sound, vibration and speech: a guard in the rain does not look at the screen all the time.

import type { Language } from "./language";

/** What is heard and felt: tones in hertz, vibration in milliseconds on and off. */
export interface Signal {
  tones: readonly number[];
  vibration: readonly number[];
}

const TONE_SECONDS = 0.14;
const VOICES: Record<Language, string> = { "zh-CN": "zh-CN", "zh-HK": "zh-HK", en: "en-US" };
let audio: AudioContext | null = null;

/** Play a signal; silent where the device or the browser refuses. */
export function signal({ tones, vibration }: Signal): void {
  navigator.vibrate?.([...vibration]);
  try {
    audio ??= new AudioContext();
    tones.forEach((hertz, number) => play(audio!, hertz, audio!.currentTime + number * TONE_SECONDS));
  } catch {
    // No sound on this device: the screen says it all.
  }
}

/** Read `text` aloud in place of whatever is being read. */
export function speak(text: string, language: Language): void {
  if (!("speechSynthesis" in globalThis)) return;
  speechSynthesis.cancel();
  const words = new SpeechSynthesisUtterance(text);
  words.lang = VOICES[language];
  speechSynthesis.speak(words);
}

export function hush(): void {
  if ("speechSynthesis" in globalThis) speechSynthesis.cancel();
}

function play(context: AudioContext, hertz: number, at: number): void {
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.frequency.value = hertz;
  volume.gain.setValueAtTime(0.3, at);
  volume.gain.exponentialRampToValueAtTime(0.001, at + TONE_SECONDS);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + TONE_SECONDS);
}
